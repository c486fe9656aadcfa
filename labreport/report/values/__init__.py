"""Numbers as evidence has them: quantities with their digits, and units."""
