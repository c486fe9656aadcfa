"""Files of docs/ that a site cannot publish: dangling links, links out of the project, FIFOs and devices.

So are files that become the same page as another one.
"""

import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, set_exclusions

from labreport.report.problems import Problem

FILES = "docs/"
"""The owner of problems of files that cannot be published."""


def leave_out(files: Files, config: MkDocsConfig, root: Path) -> Iterator[Problem]:
    """Remove from `files` what cannot be published; yield a problem for each.

    A link may lead to a file of the project `root` that is not hidden: a clone could hold a link to any file
    of this machine. What mkdocs leaves out by itself, such as an editor's lock file, is no problem.
    """
    docs = Path(config.docs_dir)
    folders = own_folders(docs, root)
    for file in list(files):
        if not _is_of(file, docs) or file.abs_src_path is None:
            continue
        if wrong := _wrong(Path(file.abs_src_path), folders[1] / file.src_uri, folders):
            files.remove(file)
            if not file.inclusion.is_excluded():  # type: ignore[no-untyped-call] # mkdocs
                yield Problem(f"docs/{file.src_uri}", *wrong)


def own_folders(docs: Path, root: Path) -> tuple[Path, ...]:
    """Return the folders whose files a link in `docs` may lead to; `root` is the project's."""
    return (root.resolve(), docs.parent.resolve() / docs.name)


def leads_out(path: Path, folders: tuple[Path, ...]) -> bool:
    """Return whether a path leads, by a symbolic link, out of all `folders` or to what is hidden in one."""
    real = Path(os.path.realpath(path))
    inside = [real.relative_to(folder) for folder in folders if real.is_relative_to(folder)]
    return not inside or any(part.startswith(".") for part in inside[0].parts)


def same_pages(files: Files, config: MkDocsConfig) -> Iterator[Problem]:
    """Yield a problem for each file that mkdocs leaves out, because one of `files` becomes the same page."""
    docs = Path(config.docs_dir)
    pages = {file.dest_uri: file for file in files if _is_of(file, docs) and _is_included(file)}
    for folder in sorted({posixpath.dirname(file.src_uri) for file in pages.values()}):
        for name in sorted(path.name for path in (docs / folder).iterdir()):
            path = posixpath.join(folder, name)
            file = File(path, config.docs_dir, config.site_dir, config.use_directory_urls)
            other = pages.get(file.dest_uri)
            if other is None or other.src_uri == path or (docs / path).is_dir():
                continue
            set_exclusions([file], config)
            if _is_included(file):
                what = f"left out, because docs/{other.src_uri} becomes the same page"
                remedy = "rename or remove one of the two, or name one in exclude_docs of mkdocs.yml"
                yield Problem(f"docs/{path}", what, remedy)


def _is_included(file: File) -> bool:
    return file.inclusion.is_included()  # type: ignore[no-untyped-call, no-any-return] # mkdocs


def _is_of(file: File, docs: Path) -> bool:
    """Return whether a file comes from docs/, and not from the theme or a plugin."""
    return file.src_dir is not None and Path(file.src_dir) == docs


def _wrong(path: Path, own: Path, folders: tuple[Path, ...]) -> tuple[str, str] | None:
    """Return what is wrong with a file, and what to do; None if it can be published.

    `own` is where it is if no link leads to it. A file of docs/ whose name begins with a dot is a page only
    if mkdocs.yml says so, but a link must not lead to a hidden file.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            return "a symbolic link that leads nowhere", "remove it, or correct where it leads"
        return f"cannot be read ({error.strerror})", "check who owns it and its mode"
    if not stat.S_ISREG(mode):
        return "not a regular file", "put the file itself there"
    if os.path.realpath(path) != str(own) and leads_out(path, folders):
        return "a symbolic link to a file that is not of this project's own", "put the file itself there"
    if not os.access(path, os.R_OK):
        return "cannot be read (Permission denied)", "check who owns it and its mode"
    return None
