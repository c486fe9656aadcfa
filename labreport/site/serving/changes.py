"""What changed files are for the site: pages, evidence, files of a lab; or its structure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from labreport.report.source.cite import LABS
from labreport.site import defaults
from labreport.site.serving.kept import KeptBuild


class StructureError(Exception):
    """More than single pages has changed."""


@dataclass
class ChangedFiles:
    """What has changed: pages and other files below docs/, by path; paths of evidence by set.

    The evidence of the set "" is in no set.
    """

    pages: set[str] = field(default_factory=set)
    yaml: set[str] = field(default_factory=set)
    assets: set[str] = field(default_factory=set)
    evidence: dict[str, set[str]] = field(default_factory=dict)


def changes_of(paths: Iterable[str], kept: KeptBuild) -> ChangedFiles:
    """Return what the changed files are for the site; raise StructureError for what no page can follow."""
    changes = ChangedFiles()
    places = kept.places
    for path in paths:
        folder = places.folder_of(path)
        below = path.removeprefix(f"{folder}/")
        if folder == places.evidence:
            _sort_evidence(below, kept, changes)
        elif folder == places.docs:
            _sort_docs(below, kept, changes)
        else:
            raise StructureError(path)
    return changes


def _sort_evidence(below: str, kept: KeptBuild, changes: ChangedFiles) -> None:
    for name in sorted(kept.sets, key=len, reverse=True):
        if below.startswith(f"{name}/"):
            changes.evidence.setdefault(name, set()).add(below.removeprefix(f"{name}/"))
            return
    changes.evidence.setdefault("", set()).add(below)


def _sort_docs(below: str, kept: KeptBuild, changes: ChangedFiles) -> None:
    path = kept.docs / below
    file = kept.own_files.get(below)
    parts = PurePosixPath(below).parts
    if parts[:1] == (LABS,) and parts[2:] and parts[2:] == parts[-1:] and parts[-1] in defaults.LAB_FILES:
        changes.yaml.add(below)  # and a file of the site, if mkdocs.yml publishes it
    if file is None or not path.is_file() or path.is_symlink():
        if _is_published(below, kept):
            raise StructureError(below)
    elif file.is_documentation_page():
        changes.pages.add(below)
    elif file.inclusion.is_in_serve():  # type: ignore[no-untyped-call] # mkdocs
        changes.assets.add(below)


def _is_published(path: str, kept: KeptBuild) -> bool:
    """Return whether a new file, or one that is gone, changes the site."""
    hidden = any(part.startswith(".") for part in path.split("/"))
    excluded = kept.config.exclude_docs
    return not hidden and not (excluded is not None and excluded.match_file(path))
