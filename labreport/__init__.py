"""A static site generator for reproducible lab reports.

Collectors capture evidence, pages embed it, and a build fails where a page and its evidence disagree.
"""

__version__ = "0.2.0"
