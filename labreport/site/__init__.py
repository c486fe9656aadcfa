"""The site: mkdocs plugin, macros, gate and HTML. The only package that imports mkdocs."""
