"""Find the quoted blocks of a report in its evidence: whole lines, byte for byte but for their line ends."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from labreport.contract.records import StatedCommand
from labreport.contract.text import as_text
from labreport.report.imports import Decision, DecisionKind
from labreport.report.imports.text import ReportText
from labreport.report.pages.markdown import Fence, read_fences
from labreport.report.source.slices import Content, Range

SHELL = frozenset({"bash", "console", "fish", "powershell", "ps1", "sh", "shell", "shell-session", "zsh"})
"""Languages of fences that hold commands, and are no quotes."""

CONTEXT = 4
"""How many lines above a block may name its file."""

FEWEST = 24
"""A block of one line that no text names is a quote only if it has this many characters."""

_CR = "\udc0d"
_INFO = re.compile(r"([0-9]+):([0-9]+):(\S.*)")
_PROMPT = re.compile(r"\s*[$#>]\s")


@dataclass(frozen=True)
class ImportedQuote:
    """A block of a report that is in an evidence file: where its fence is, and the lines that it quotes."""

    fence: Fence
    path: str
    lines: Range


@dataclass(frozen=True)
class Quotes:
    """The blocks that were found, what a person has to decide, and the commands that the report states."""

    found: tuple[ImportedQuote, ...]
    decisions: tuple[Decision, ...]
    commands: Mapping[str, StatedCommand]
    fences: tuple[Fence, ...]


class _Index:
    """Where each line stands in the text files, its line end left out."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.texts = {path: Content(path, data) for path, data in files.items() if as_text(data) is not None}
        self.lines = {path: [_bare(line) for line in text.lines] for path, text in self.texts.items()}
        self.places: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
        for path, lines in self.lines.items():
            for number, line in enumerate(lines):
                self.places[line].append((path, number))

    def find(self, block: Sequence[bytes]) -> Iterator[tuple[str, Range]]:
        """Yield every place of consecutive lines. Search starts at the line that is the rarest."""
        at = min(range(len(block)), key=lambda number: len(self.places.get(block[number], ())))
        for path, number in self.places.get(block[at], ()):
            start = number - at
            if start >= 0 and self.lines[path][start : start + len(block)] == block:
                yield path, Range(start + 1, start + len(block))


def _bare(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def find_quotes(report: ReportText, files: Mapping[str, bytes]) -> Quotes:
    """Return the blocks of a report that are whole in one of `files`.

    The info string names the file, or the lines above do, or only one file has the lines. A block of which
    this is not clear stays as it is, and is a decision.
    """
    index = _Index(files)
    fences = tuple(_fences(report))
    found: list[ImportedQuote] = []
    decisions: list[Decision] = []
    commands: list[Fence] = []
    for fence in fences:
        if _is_command(fence):
            commands.append(fence)
            continue
        if not fence.body.strip():
            continue
        body = [line.encode() for line in fence.body.removesuffix("\n").split("\n")]
        quote = _quote(fence, _named(report, fence, files), list(index.find(body)))
        if isinstance(quote, str):
            decisions.append(Decision(DecisionKind.NOT_FOUND, report.name, fence.first, quote))
        else:
            found.append(quote)
            if b"\r\n" in index.texts[quote.path].slice(quote.lines):
                what = f"the lines of {quote.path} end with CR LF, those of the block do not"
                decisions.append(Decision(DecisionKind.LINE_ENDS, report.name, fence.first, what))
    stated = {path: command for path in files if (command := _stated(commands, path))}
    return Quotes(tuple(found), tuple(decisions), stated, fences)


def _fences(report: ReportText) -> Iterator[Fence]:
    """Yield the fences of a report. The parser would take CR for a line end, so it sees another character."""
    for fence in read_fences(report.text.replace("\r", _CR), page=False):
        yield replace(fence, body=fence.body.replace(_CR, "\r"))


def _is_command(fence: Fence) -> bool:
    """Return whether a fence holds commands only."""
    language = fence.info.split(maxsplit=1)[0].strip("{}.").lower() if fence.info else ""
    lines = [line for line in fence.body.split("\n") if line.strip()]
    return language in SHELL or (bool(lines) and all(_PROMPT.match(line) for line in lines))


def _named(report: ReportText, fence: Fence, files: Mapping[str, bytes]) -> tuple[set[str], Range | None]:
    """Return the files that the info string or the lines above a fence name, and the range in the former."""
    if match := _INFO.fullmatch(fence.info):
        lines = Range(int(match[1]), int(match[2])) if len(match[1] + match[2]) < len("9" * 18) else None
        return _mentioned(match[3], files), lines
    if "." in fence.info and (named := _mentioned(fence.info, files)):
        return named, None
    above = (report.lines[number] for number in range(fence.first - 2, -1, -1))
    for line in islice((line for line in above if line.strip()), CONTEXT):
        if line.lstrip().startswith(("```", "~~~", "#")):
            return _mentioned(line, files) if line.lstrip().startswith("#") else set(), None
        if named := _mentioned(line, files):
            return named, None
    return set(), None


def _mentioned(text: str, files: Mapping[str, bytes]) -> set[str]:
    """Return the files whose path a text has; else those whose name it has."""
    paths = {path for path in files if path in text}
    longest = {path for path in paths if not any(path != other and path in other for other in paths)}
    return longest or {path for path in files if "." in path and _name(path) in text}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _quote(
    fence: Fence, named: tuple[set[str], Range | None], places: list[tuple[str, Range]]
) -> ImportedQuote | str:
    """Return which place a fence quotes, or why that is not clear."""
    names, lines = named
    if not places:
        return f"its lines are not whole lines of {', '.join(sorted(names)[:3]) or 'any file'}"
    there = [(path, at) for path, at in places if path in names]
    if names and not there:
        others = ", ".join(dict.fromkeys(path for path, _at in places[:3]))
        return f"the report names {', '.join(sorted(names)[:3])}, and the lines are in {others}"
    chosen = there or places
    if len({path for path, _at in chosen}) > 1:
        several = ", ".join(dict.fromkeys(path for path, _at in chosen[:3]))
        return f"several files have these lines: {several}"
    if not there and "\n" not in fence.body.strip() and len(fence.body.strip()) < FEWEST:
        return f"one short line, which may be in {chosen[0][0]} by chance"
    path, at = next((one for one in chosen if one[1] == lines), chosen[0])
    if lines and lines != at:
        return f"the report names lines {lines} of {path}, and the lines are {at}"
    return ImportedQuote(fence, path, at)


def _stated(commands: Sequence[Fence], path: str) -> StatedCommand | None:
    """Return the first command of the report that names a file: as the report states it."""
    for fence in commands:
        lines = fence.body.removesuffix("\n").split("\n")
        for number, line in enumerate(lines):
            if path in line or (len(_name(path)) > len("a.txt") and _name(path) in line):
                start = number
                while start and lines[start - 1].rstrip().endswith("\\"):
                    start -= 1
                command = "\n".join(lines[start : number + 1]).strip()
                return StatedCommand(command=command, line=fence.first + 1 + start)
    return None
