"""What a build needs, and what every site gets unless its mkdocs.yml says otherwise.

plugin.py imports this before anything that may be missing, so it imports only the standard library.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGES = {
    "altair": "altair",
    "click": "click",
    "jmespath": "jmespath",
    "markdown_it": "markdown-it-py",
    "material": "mkdocs-material",
    "mkdocs_macros": "mkdocs-macros-plugin",
    "pydantic": "pydantic",
    "regex": "regex",
    "selectolax": "selectolax",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}
"""The modules that a build imports, with the packages that have them: the extra `publish`, without mkdocs."""

EXTENSIONS: Mapping[str, Mapping[str, Any]] = {
    "abbr": {},
    "admonition": {},
    "attr_list": {},
    "def_list": {},
    "footnotes": {},
    "md_in_html": {},
    "tables": {},
    "toc": {"permalink": True},
    "pymdownx.details": {},
    "pymdownx.highlight": {"anchor_linenums": True, "line_spans": "__span", "pygments_lang_class": True},
    "pymdownx.inlinehilite": {},
    "pymdownx.superfences": {},
    "pymdownx.tabbed": {"alternate_style": True},
    "pymdownx.tasklist": {"custom_checkbox": True},
}
"""Markdown extensions by name, with their options."""

LAB_FILES = tuple(
    f"{name}.yml"
    for name in ("advisories", "facts", "glossary", "published", "references", "rubric", "waivers")
)
EDITOR_FILES = ("*~", "*.sw?", "4913", r"\#*#")
"""Backups, swap and probe files of editors, which come and go."""
EXCLUDED = (*LAB_FILES, *EDITOR_FILES)
"""Files of docs/ that the site does not publish, as gitignore patterns."""

LINK_CHECKS = ("absolute_links", "anchors", "not_found", "unrecognized_links")
"""Link checks of mkdocs that warn here where mkdocs only informs. A check set to `ignore` stays so."""

STYLES = tuple(
    f"assets/{name}.css"
    for name in ("evidence", "claims", "tables", "figures", "images", "captions", "access", "print")
)
"""The style sheets of macros, of paper, and what makes Material's pages accessible."""

SCRIPTS = ("assets/tips.js", "assets/focus.js", "assets/lines.js")
"""Open the sources of values beside their sentences, make what scrolls reachable by keyboard, and show the
lines of evidence that an address names."""

SEARCH_WORKER = "assets/iframe-worker.js"
"""Makes the search work in a site that is opened from a folder, without a network."""

SEARCH_INDEX = "assets/search-index.js"
"""Makes a page from a server use the search index that a page in a folder uses."""

SEPARATOR = r"""[\s\u200b\-_,:!=\[\](){}<>"`'/|;]+|\.(?!\d)|&(lt|gt|amp);"""
"""Where the search splits words. Evidence is full of punctuation, which must not hide a word."""


def require_packages() -> None:
    """Raise ConfigurationError, which mkdocs shows as one line, if a package is missing."""
    from mkdocs.exceptions import ConfigurationError  # noqa: PLC0415 - only mkdocs calls this

    if missing := missing_packages():
        raise ConfigurationError(f"{missing}: {how_to_install('publish')}")


def missing_packages() -> str:
    """Return which packages are not installed, in words; an empty text if all are."""
    missing = [package for module, package in PACKAGES.items() if not _is_there(module)]
    return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed" if missing else ""


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # something has put None in its place
        return False


def is_ours(error: ModuleNotFoundError) -> bool:
    """Return whether it is a module of the tool's own that was not found, which is a fault of the tool."""
    return (error.name or "").partition(".")[0] == "labreport"


def not_installed(error: ModuleNotFoundError) -> str:
    """Return which package is not installed, and how to install it, as the line that `lab` ends with."""
    module = (error.name or "").partition(".")[0]
    extra = "collect" if module in {"filelock", "rich", "sh", "tomlkit"} else "publish"
    return f"lab: {PACKAGES.get(module, module)} is not installed: {how_to_install(extra)}"


def how_to_install(extra: str) -> str:
    """Return how to install an extra. The bare name of the tool could be somebody else's package."""
    lock = f"requirements/{extra}.txt"
    if (Path(__file__).parents[2] / lock).is_file():
        return f"pip install -r {lock}"
    return f"pip install -r requirements.txt, with a line `labreport[{extra}] @ ADDRESS`"
