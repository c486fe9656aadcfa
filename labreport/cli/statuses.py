"""The exit statuses, as the help and manual/reference/command-line.md name them."""

FINDINGS, WRONG_USE, INTERRUPTED, CANNOT = 1, 2, 3, 4
