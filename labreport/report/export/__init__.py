"""A lab as one plain Markdown file."""
