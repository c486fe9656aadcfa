"""The search index. Material's offline plugin writes it a second time, as a script for a site in a folder.

A site keeps the script. `assets/search-index.js` makes a page from a server use it, too.
"""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

from labreport.site import defaults

INDEX, SCRIPT = "search/search_index.json", "search/search_index.js"
START = "var __index = "
"""What stands before the JSON in the script; assets/search-index.js leaves it out."""


def scripts(config: MkDocsConfig) -> list[str]:
    """Return the paths of the search's scripts; the one for the index comes with the offline plugin."""
    offline: Any = config.plugins.get("material/offline")
    is_offline = offline is not None and offline.config.enabled
    return [defaults.SEARCH_WORKER, *([defaults.SEARCH_INDEX] if is_offline else [])]


def set_separator(config: MkDocsConfig) -> None:
    """Set where the search splits words, unless mkdocs.yml does."""
    plugin: Any = config.plugins.get("material/search")
    if plugin is not None and not plugin.config.separator:
        plugin.config.separator = defaults.SEPARATOR


def drop_second_index(site: Path) -> None:
    """Delete the JSON of the index from `site` if the script has the same."""
    index, script = site / INDEX, site / SCRIPT
    if index.is_file() and script.is_file() and script.read_text() == START + index.read_text():
        index.unlink()


def rewrite(site: Path, text: str) -> None:
    """Write the text of the index into the file of `site` that holds it."""
    script = site / SCRIPT
    if script.is_file():
        script.write_text(START + text, encoding="utf-8")
    else:
        (site / INDEX).write_text(text, encoding="utf-8")
