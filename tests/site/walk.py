"""What a page shows and what its files hold, read without the code of the tool."""

from pathlib import Path

from playwright.sync_api import Page


def blocks(page: Page) -> list[tuple[str, str, str]]:
    """Return path, lines and DOM text of every block on the page."""
    script = "all => all.map(e => [e.dataset.evidence, e.dataset.lines, e.textContent])"
    return [tuple(one) for one in page.eval_on_selector_all("[data-evidence]", script)]


def slice_of(evidence: Path, path: str, lines: str) -> str:
    """Return lines of a file as text, without the code of the tool."""
    start, end = map(int, lines.split(":"))
    kept = (evidence / path).read_bytes().decode().split("\n")
    ended = [line + "\n" for line in kept[:-1]] + ([kept[-1]] if kept[-1] else [])
    return "".join(ended[start - 1 : end])
