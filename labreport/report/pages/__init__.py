"""The source of a page: Markdown and Jinja, read and rendered."""
