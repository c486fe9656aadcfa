"""Find the evidence files that a report's text names, and which of them a quoted block is said to be from."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from labreport.audit.evidence import EvidenceFile, EvidenceIndex
from labreport.audit.inputs.text import fold
from labreport.audit.model import Found
from labreport.audit.quotes.markdown import Element, QuoteElement, TextElement, TextKind

_LINK = re.compile(r"\]\(\s*<?([^()<>\s]{1,500})>?[^()]{0,100}\)")
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{1,300}?)\1(?!`)")
_WORD = re.compile(r"[^\s`'\"()<>\[\]{}|*,;=&]{3,300}")
_DATA_TEXT = """
txt log csv tsv json jsonl ndjson out err md xml yaml yml toml html sarif conf cfg ini pcap diff patch
har
"""
_DATA = frozenset(_DATA_TEXT.split())
"""The ends of names of files that are evidence."""
_ENDING = re.compile(r"\.([A-Za-z]{1,8})$")
_NAMES_NEXT = re.compile(r":\W*$")
_SOURCE = re.compile(
    r"^\W*(?:(?:full|raw|complete)\s+)?(?:source|log|output|from|file|saved|stored|captured|recorded)\b",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"^\W*(?:(?:full|raw|captured|recorded|the)\s+){0,2}"
    r"(?:from|evidence|output|file|source|contents?|excerpt|see|log|path|saved|stored|captured|recorded|artifacts?|proof)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mention:
    """A path in the text of a report, and the evidence files that it can mean; none if they are missing."""

    path: str
    files: tuple[EvidenceFile, ...]
    exact: bool
    """Whether the whole path fits, and not only its last part."""
    found: Found
    line: int
    in_command: bool = False


@dataclass(frozen=True)
class Naming:
    """What the report names for a block: files named for just this block, and others near it."""

    strong: tuple[Mention, ...] = ()
    weak: tuple[Mention, ...] = ()


def resolve(path: str, evidence: EvidenceIndex) -> tuple[tuple[EvidenceFile, ...], bool]:
    """Return the files that a path can mean, and whether the path fits as a whole, leading folders aside."""
    bare = unquote(path.split("#", 1)[0].split("?", 1)[0]) if "://" in path else path
    parts = [fold(part).lower() for part in bare.replace("\\", "/").split("/")]
    parts = [part for part in parts if part not in {"", "."}]
    if ".." in parts:
        parts = parts[len(parts) - parts[::-1].index("..") :]
    for start in range(len(parts)):
        files = evidence.suffixes.get("/".join(parts[start:]), [])
        if files:
            fits = [file for file in files if start == 0 or file.path.count("/") == len(parts) - start - 1]
            return tuple(fits or files), bool(fits)
    return (), False


def mentions(text: TextElement, evidence: EvidenceIndex) -> list[Mention]:
    """Return the paths in a stretch of text, in order."""
    found: dict[tuple[int, str], Mention] = {}
    code = [(one.start(2), one.end(2)) for one in _CODE.finditer(text.text)]
    links = [(one.start(1), one.end(1)) for one in _LINK.finditer(text.text)]
    for start, path in _paths(text.text):
        files, exact = resolve(path, evidence)
        exact = (exact and not path.startswith("/")) or not files
        if not files and not _is_evidence(path, evidence):
            continue
        inside = next((span for span in code if span[0] <= start < span[1]), None)
        command = inside is not None and any(
            char.isspace() for char in text.text[inside[0] : inside[1]].strip()
        )
        link = any(one[0] <= start < one[1] for one in links)
        line = text.line + text.text.count("\n", 0, start)
        how = Found.LINK if link else _how(text, path)
        found.setdefault((start, path), Mention(path, files, exact, how, line, command))
    return list(found.values())


def all_mentions(elements: Sequence[Element], evidence: EvidenceIndex) -> list[list[Mention]]:
    """Return the paths in each element of a report; a quoted block has none."""
    return [mentions(one, evidence) if isinstance(one, TextElement) else [] for one in elements]


def with_near(elements: Sequence[Element], found: Sequence[Sequence[Mention]]) -> list[Element]:
    """Return the elements, each text with the files that it names, or that the text above it names.

    `found` has the mentions in each element.
    """
    done: list[Element] = []
    near: frozenset[str] = frozenset()
    for element, there in zip(elements, found, strict=True):
        if isinstance(element, TextElement):
            named = [file.path for one in there if one.exact for file in one.files]
            if named or element.kind is TextKind.HEADING:
                near = frozenset(named)
            done.append(replace(element, near=near))
        else:
            done.append(element)
    return done


def with_prefixes(elements: Sequence[Element], evidence: EvidenceIndex) -> EvidenceIndex:
    """Return the evidence with what the report writes before the paths of its files."""
    folders = evidence.name.strip("/").split("/")
    prefixes = {f"{'/'.join(folders[start:])}/" for start in range(len(folders) - 1)}
    for element in elements:
        if isinstance(element, TextElement):
            for _start, path in _paths(element.text):
                files, exact = resolve(path, evidence)
                if exact and len(files) == 1 and path.lower().endswith(files[0].path.lower()):
                    prefixes.add(path[: len(path) - len(files[0].path)].removeprefix("./"))
    return replace(
        evidence, prefixes=frozenset(one for one in prefixes if one.endswith("/") and "://" not in one)
    )


def _paths(text: str) -> Iterator[tuple[int, str]]:
    for word in _WORD.finditer(text):
        path = word[0].rstrip(".:!?")
        start = word.start()
        if "/" in path or _ENDING.search(path):
            yield start, path


def _is_evidence(path: str, evidence: EvidenceIndex) -> bool:
    """Return whether a path that means no file is one of evidence: a data file in a known folder."""
    ending = _ENDING.search(path)
    if "://" in path or path.startswith(("/", "~", "-")) or not ending or ending[1].lower() not in _DATA:
        return False
    if any(char in path for char in "$*?%\\:@") or "..." in path or "…" in path:
        return False
    bare = path.removeprefix("./")
    if any(bare.startswith(prefix) for prefix in evidence.prefixes):
        return True
    return "/" in bare and bare.split("/")[0].lower() in evidence.folders


def _how(text: TextElement, path: str) -> Found:
    bare = text.text.strip().strip("*_`():.[] ")
    if text.kind is TextKind.HEADING:
        return Found.HEADING
    if bare == path:
        return Found.PATH
    if re.fullmatch(r"\s*\*\*[^*]+\*\*\s*:?\s*", text.text):
        return Found.BOLD
    return Found.BULLET if text.kind is TextKind.BULLET else Found.SENTENCE


def naming_of(elements: Sequence[Element], at: int, found: Sequence[Sequence[Mention]]) -> Naming:
    """Return what the elements around the quote at `at` name; `found` has the mentions in each element."""
    strong: list[Mention] = []
    weak: list[Mention] = []
    adjacent = at - 1
    if adjacent >= 0 and isinstance(above := elements[adjacent], TextElement):
        shared = adjacent > 0 and isinstance(elements[adjacent - 1], QuoteElement)
        target = strong if _names_next(above, found[adjacent], below_quote=shared) else weak
        target += found[adjacent]
        adjacent -= 1
        if target is strong and above.kind is TextKind.BULLET and not _INTRODUCES.match(above.text):
            better = _introducing(elements, adjacent, found)
            strong = [*better, *strong]
    while adjacent >= 0 and isinstance(one := elements[adjacent], TextElement):
        weak += found[adjacent]
        if one.kind is TextKind.HEADING:
            break
        adjacent -= 1
    else:
        while adjacent >= 0 and not _is_heading(elements[adjacent]):
            adjacent -= 1
        weak += found[adjacent] if adjacent >= 0 else ()
    if (
        at + 1 < len(elements)
        and isinstance(below := elements[at + 1], TextElement)
        and not _is_heading(below)
    ):
        follows = elements[at + 2] if at + 2 < len(elements) else None
        is_path = len(found[at + 1]) == 1 and found[at + 1][0].found is Found.PATH
        names_above = (is_path or bool(_SOURCE.match(below.text))) and not isinstance(follows, QuoteElement)
        (strong if names_above and not strong else weak).extend(found[at + 1])
    return Naming(
        tuple(one for one in strong if not one.in_command),
        (*(one for one in strong if one.in_command), *weak),
    )


def _introducing(
    elements: Sequence[Element], at: int, found: Sequence[Sequence[Mention]]
) -> Sequence[Mention]:
    """Return what a bullet names that says that it is evidence: the one at `at`, or above it in its list."""
    while at >= 0 and isinstance(one := elements[at], TextElement) and one.kind is TextKind.BULLET:
        if found[at] and _INTRODUCES.match(one.text):
            return found[at]
        at -= 1
    return ()


def _is_heading(element: Element) -> bool:
    return isinstance(element, TextElement) and element.kind is TextKind.HEADING


def _names_next(text: TextElement, found: Sequence[Mention], *, below_quote: bool) -> bool:
    """Return whether a text directly above a block names the file that the block is from."""
    if not found:
        return False
    if text.kind is TextKind.ROW:
        return False
    bare = text.text.rstrip().rstrip("*_ )")
    if text.kind is TextKind.HEADING or _NAMES_NEXT.search(bare):
        return True
    ends_with_path = bare.rstrip("`.)*_] ").endswith(found[-1].path.rstrip("."))
    if below_quote:
        return False
    return ends_with_path or bool(_INTRODUCES.match(text.text))
