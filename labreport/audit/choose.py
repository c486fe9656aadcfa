"""Find the report and its evidence in what a person handed in: a folder, or the files of a commit."""

import fnmatch
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labreport.audit.evidence import EvidenceIndex, read_evidence
from labreport.audit.inputs import git
from labreport.audit.inputs.tree import FolderTree, Kind, Tree, TreeFile
from labreport.audit.model import Unread
from labreport.audit.report import Report
from labreport.contract.errors import LabError

NO_REPORT = "no Markdown report"
_REPORT = re.compile(r"(?:submission|report|answer|solution|lab|homework|hw)", re.IGNORECASE)
_SHEET = re.compile(
    r"(?:readme|changelog|contributing|license|task|assignment|instructions?|template)", re.IGNORECASE
)
_DEEPEST = 2
"""How many folders a report may be in that is not in the folder of its evidence."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Wanted:
    """Where reports and evidence are. `path` is the evidence folder in each tree, "" is all of it.

    `report` is a pattern of the report's path; if it is empty, the report is found by its name and place.
    """

    path: str = ""
    report: str = ""


def handed_in(
    trees: Iterator[Tree], wanted: Wanted, skipped: Counter[str]
) -> Iterator[tuple[Report, EvidenceIndex] | Unread]:
    """Yield the report and the evidence of each tree; count in `skipped` those without a report, by why."""
    for tree in trees:
        try:
            one = chosen(tree, wanted)
        except LabError as error:
            yield Unread(tree.name, str(error))
            continue
        if one is None:
            skipped[NO_REPORT] += 1
        else:
            yield one


def folders(folder: Path) -> Iterator[Tree]:
    """Yield what is handed in below a folder: each folder in it, in order."""
    for below in sorted(folder.iterdir()):
        if below.is_dir() and not below.is_symlink() and not below.name.startswith("."):
            yield FolderTree(below, below.name)


def commits(repository: git.GitRepository, refs: list[tuple[str, str]]) -> Iterator[Tree]:
    """Yield the tree of each ref."""
    for ref, commit in refs:
        yield repository.tree(ref, commit)


def chosen(tree: Tree, wanted: Wanted) -> tuple[Report, EvidenceIndex] | None:
    """Return the report in a tree with its evidence, None if it has no report. Raise LabError."""
    files = tree.files()
    report = _report(files, wanted)
    if report is None:
        return None
    below = f"{wanted.path}/" if wanted.path else ""
    evidence = [file for file in files if file.path.startswith(below) and file != report]
    return Report(tree.name, report.path, tree.read(report)), read_evidence(tree, evidence, wanted.path)


def _report(files: list[TreeFile], wanted: Wanted) -> TreeFile | None:
    """Return the Markdown file that is the report: the one with the pattern, or with the name nearest to it.

    The lab's own sheet is not the report: `labs/lab12.md` beside `labs/lab12`.
    """
    pages = [
        file for file in files if file.kind is Kind.FILE and file.path.lower().endswith((".md", ".markdown"))
    ]
    if wanted.report:
        return next((file for file in pages if fnmatch.fnmatchcase(file.path, wanted.report)), None)
    ranked = [(_rank(file.path, wanted.path), file) for file in pages]
    ranked = [one for one in ranked if one[0] is not None]
    return min(ranked, key=lambda one: (one[0], len(one[1].path), one[1].path))[1] if ranked else None


def _rank(path: str, folder: str) -> int | None:
    """Return how far a page is from being the report on the evidence in `folder`, None if it cannot be it."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0]
    last = folder.rpartition("/")[2]
    if (folder and path == f"{folder}.md") or _SHEET.fullmatch(stem):
        return None
    is_report = 0 if _REPORT.search(stem) else 1
    if not folder or path.startswith(f"{folder}/"):
        return is_report + 2 * path.removeprefix(f"{folder}/").count("/")
    lab, numbers = _NUMBER.findall(last)[-1:], _NUMBER.findall(stem)[-1:]
    if is_report or path.count("/") > _DEEPEST:
        return None
    if lab and numbers:
        return None if lab != numbers else 0 if re.search("submission|report", path, re.IGNORECASE) else 1
    return None if lab else 4 + 2 * path.count("/")
