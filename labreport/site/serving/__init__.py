"""`mkdocs serve` makes only what has changed."""
