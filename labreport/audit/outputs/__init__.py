"""What `lab audit` writes besides pages for the browser: Markdown, tables, annotations and grades."""
