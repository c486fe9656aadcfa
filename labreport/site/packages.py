"""Checks that the packages that a build needs are installed."""

from importlib.util import find_spec
from pathlib import Path

PACKAGES = {
    "altair": "altair",
    "click": "click",
    "markdown_it": "markdown-it-py",
    "material": "mkdocs-material",
    "mkdocs_macros": "mkdocs-macros-plugin",
    "pydantic": "pydantic",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}
"""The modules that a build imports, with the packages that have them: the extra `publish`, without mkdocs."""


def require_packages() -> None:
    """Raise ConfigurationError, which mkdocs shows as one line, if a package is missing."""
    from mkdocs.exceptions import ConfigurationError  # noqa: PLC0415 - only mkdocs calls this

    missing = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise ConfigurationError(f"{', '.join(missing)} {verb} not installed: {_remedy()}")


def _remedy() -> str:
    """Return how to install what is missing: never by the tool's bare name, which is not registered by us."""
    checkout = Path(__file__).parents[2]
    if (checkout / "requirements" / "publish.txt").is_file():
        return "pip install -r requirements/publish.txt"
    return "pip install -r requirements.txt, whose line `labreport[publish,collect] @ …` brings it"
