"""Which projects can have single pages made anew: those whose pages rest on nothing that is unknown here."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

HOOKS = Path(__file__).resolve().parents[1] / "hooks.py"
"""The hook that forwards mkdocs' events to our plugin."""

PLUGINS = frozenset({"labreport", "macros", "material/search", "material/offline"})
"""Plugins that make a page from its own text, and whose index of the search is known."""

READS_FILES = frozenset({"pymdownx.b64", "pymdownx.pathconverter", "pymdownx.snippets"})
"""Markdown extensions of pymdownx that read files."""
PREFIXES = ("markdown.extensions.", "material.extensions.", "pymdownx.")
"""How the names of the other Markdown extensions begin that are known here."""
SHORT = frozenset(
    """abbr admonition attr_list codehilite def_list extra fenced_code footnotes md_in_html meta nl2br
    sane_lists smarty tables toc wikilinks""".split()  # noqa: SIM905 # a list of sixteen words
)
"""Python-Markdown's own extensions by their short names."""


def why_not(config: MkDocsConfig) -> str:
    """Return why every change makes all pages anew in this project; empty if it need not."""
    theme: Any = config.theme
    loaded: Any = config.hooks  # by name; mkdocs' own annotation says a list
    hooks = {name for name, hook in loaded.items() if Path(hook.__file__ or "").resolve() == HOOKS}
    plugins = sorted(name for name in config.plugins if name not in PLUGINS | hooks)
    extensions = sorted(name for name in config.markdown_extensions if not _is_known(name))
    macros: Any = config.plugins["macros"]
    if plugins:
        return f"the plugin {plugins[0]} may change any page"
    if extensions:
        return f"the Markdown extension {extensions[0]} may read any file"
    if theme.name != "material" or theme.custom_dir:
        return "the theme's templates are the project's own"
    if config.extra_templates or config.strict:
        return "mkdocs.yml has extra_templates" if config.extra_templates else "--strict counts all warnings"
    if len(macros.pre_macro_functions) > 1 or macros.post_macro_functions:
        return "a module of the macros plugin may change any page"
    return ""


def _is_known(extension: str) -> bool:
    return extension not in READS_FILES and (extension in SHORT or extension.startswith(PREFIXES))
