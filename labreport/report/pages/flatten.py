"""From the site's Markdown to plain Markdown: what only the site knows becomes plain words."""

import re
from collections.abc import Iterable, Iterator

from labreport.site.slots import Slots

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?(?:[ \t]*\{[^}]*\})?[ \t]*")
_NUMBERED = re.compile(r"((?:Lab|Task) [0-9]+)\s*[:.—–-]\s*")  # noqa: RUF001 # any dash that an author may write
_CONTAINER = re.compile(r'(\s*)(?:===[!+]?|!!!|\?\?\?\+?)\s*([\w -]*?)\s*(?:"([^"]*)")?\s*')
_PAGE_LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)[^)]*\)")
_MARKER = re.compile(r"(\s*)((?:[-*+]|[0-9]+[.)])\s+)?(.*)")


def dash(title: str) -> str:
    """Return a heading's text as reports write it: `Task 1: x` becomes `Task 1 — x`."""
    return _NUMBERED.sub(r"\1 — ", title)


def fences(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is in a code fence or its mark."""
    mark = ""
    for line in lines:
        found = _FENCE.match(line)
        if mark:
            yield line, True
            if found and found[1].startswith(mark) and not line.strip(" \t`~"):
                mark = ""
        elif found:
            mark = found[1]
            yield line, True
        else:
            yield line, False


def plain(text: str, shift: int) -> Iterator[str]:
    """Yield the lines of a page without what only the site's Markdown knows.

    Headings go `shift` levels down, tabs and admonitions become a bold line and their text, links to other
    pages become their words. Code fences stay as they are.
    """
    levels: list[int] = []
    for line, fenced in fences(text.split("\n")):
        indent = len(line) - len(line.lstrip(" "))
        while line.strip() and levels and indent < levels[-1]:
            levels.pop()
        inner = line[4 * len(levels) :] if line.strip() else line
        container = None if fenced else _CONTAINER.fullmatch(inner)
        if container and ('"' in inner or container[2]):
            yield f"{container[1]}**{container[3] or container[2].capitalize()}**"
            levels.append(indent + 4)
        else:
            yield inner if fenced else _plain_line(inner, shift)


def _plain_line(line: str, shift: int) -> str:
    if heading := _HEADING.fullmatch(line):
        return f"{'#' * min(len(heading[1]) + shift, 6)} {dash(heading[2])}"
    return _PAGE_LINK.sub(r"\1", line)


def fill_line(line: str, slots: Slots) -> list[str]:
    """Return the lines for one with slots: each block on its own, indented to its slot; else nothing."""
    parts = slots.split(line)
    if len(parts) == 1:
        return []
    found = _MARKER.fullmatch(parts[0])
    indent = found[1] + " " * len(found[2] or "") if found else ""
    lines: list[str] = []
    for number, part in enumerate(parts):
        if not part.strip() and number % 2 == 0:
            continue
        if lines:
            lines.append("")
        if number % 2:
            lines += [indent + one for one in part.split("\n")]
        else:
            lines.append(part.rstrip() if number == 0 else indent + part.strip())
    return lines
