"""Blocks of a report are found in the evidence, or it is said why they are not."""

import pytest

from labreport.report.imports.quotes import find_quotes
from labreport.report.imports.text import read_report

FILES = {
    "a/kernel.txt": b"=== Kernel ===\n6.12.0-kata\nx86_64\n",
    "b/twice.txt": b"=== Kernel ===\n6.12.0-kata\nx86_64\n",
    "c/crlf.txt": b"HTTP/1.1 200 OK\r\nServer: nginx/1.2.3\r\n\r\n",
    "c/progress.txt": b" 10%\r 20%\r100%\ndone with everything\n",
    "d/short.txt": b"ok\n",
    "e/long.txt": b"one line of more than twenty-four characters\n",
    "f/utf16.txt": "wide\nlines\n".encode("utf-16"),
}


def found_in(report: str | bytes) -> tuple[list[str], list[str]]:
    """Return the calls that would be made for a report, and what is to decide."""
    data = report.encode() if isinstance(report, str) else report
    quotes = find_quotes(read_report("r.md", data), FILES)
    return [f"{one.lines}:{one.path}" for one in quotes.found], [one.what for one in quotes.decisions]


def fence(body: str, before: str = "", info: str = "") -> str:
    """Return a report with one fence."""
    return f"# Report\n\n{before}\n\n```{info}\n{body}\n```\n"


KERNEL = "=== Kernel ===\n6.12.0-kata\nx86_64"


@pytest.mark.parametrize(
    ("report", "where"),
    [
        (fence(KERNEL, info="1:3:labs/lab12/b/twice.txt"), "1:3:b/twice.txt"),
        (fence("6.12.0-kata\nx86_64", "`labs/lab12/a/kernel.txt`:"), "2:3:a/kernel.txt"),
        (fence(KERNEL, "- **Kernel** (kernel.txt)", "text"), "1:3:a/kernel.txt"),
        (fence("one line of more than twenty-four characters"), "1:1:e/long.txt"),
        (fence("ok", "The file `d/short.txt` says:"), "1:1:d/short.txt"),
        (fence(" 10%\r 20%\r100%\ndone with everything"), "1:2:c/progress.txt"),
        (fence(KERNEL, "a/kernel.txt").replace("\n", "\r\n"), "1:3:a/kernel.txt"),
        (fence(KERNEL, "a/kernel.txt").encode("utf-16"), "1:3:a/kernel.txt"),
        (b"\xef\xbb\xbf" + fence(KERNEL, "a/kernel.txt").encode(), "1:3:a/kernel.txt"),
        (fence(KERNEL, "a/kernel.txt").replace("\n", "\r"), "1:3:a/kernel.txt"),
    ],
)
def test_a_block_is_found(report: str | bytes, where: str) -> None:
    """By its info string, by what stands above it, by its content alone, in any encoding and line ends."""
    assert found_in(report) == ([where], [])


def test_other_line_ends_are_told() -> None:
    """The lines are the same, and a person is told that their ends are not."""
    calls, decisions = found_in(fence("HTTP/1.1 200 OK\nServer: nginx/1.2.3", "c/crlf.txt"))
    assert calls == ["1:2:c/crlf.txt"]
    assert decisions == ["the lines of c/crlf.txt end with CR LF, those of the block do not"]


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (fence("6.12.0-kata\nriscv64", "a/kernel.txt"), "its lines are not whole lines of a/kernel.txt"),
        (fence("12.0-kata\nx86_64"), "its lines are not whole lines of any file"),
        (fence(KERNEL), "several files have these lines: a/kernel.txt, b/twice.txt"),
        (fence(KERNEL, "d/short.txt"),
         "the report names d/short.txt, and the lines are in a/kernel.txt, b/twice.txt"),
        (fence("ok"), "one short line, which may be in d/short.txt by chance"),
        (fence(KERNEL, info="2:4:labs/lab12/a/kernel.txt"),
         "the report names lines 2:4 of a/kernel.txt, and the lines are 1:3"),
        (fence("wide\nlines", "f/utf16.txt"), "its lines are not whole lines of f/utf16.txt"),
        (fence(KERNEL, info="9999999999999999999999:1:a/kernel.txt").replace("Report", ""), ""),
    ],
)  # fmt: skip
def test_a_block_that_is_not_clear_stays(report: str, why: str) -> None:
    """It is altered, cut within a line, in several files, in another file, too short, or elsewhere."""
    calls, decisions = found_in(report)
    assert decisions == ([why] if why else [])
    assert len(calls) == (0 if why else 1)


@pytest.mark.parametrize("info", ["bash", "sh", "console", ""])
def test_commands_are_no_quotes(info: str) -> None:
    """They are what the report states for a file: the words, with the line of the report."""
    report = f"# R\n\n```{info}\n$ uname -r \\\n$   | tee labs/a/kernel.txt\n```\n"
    quotes = find_quotes(read_report("r.md", report.encode()), FILES)
    assert not quotes.found
    assert not quotes.decisions
    stated = quotes.commands["a/kernel.txt"]
    assert (stated.command, stated.line) == ("$ uname -r \\\n$   | tee labs/a/kernel.txt", 4)


def test_a_rare_line_is_searched_first() -> None:
    """A block of many common lines takes no time in a file of many more."""
    files = {"big.txt": b"\n" * 50_000 + b"end\n"}
    report = read_report("r.md", b"```\nx\n" + b"\n" * 20_000 + b"end\n```\n")
    quotes = find_quotes(report, files)
    assert [one.what for one in quotes.decisions] == ["its lines are not whole lines of any file"]
