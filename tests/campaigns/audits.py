"""Audit random reports with random evidence: scripts/campaign audits [--seed N] [--count N].

Reports and trees are made of pieces that real ones have, and of oddities: marks, bare CRs, escape sequences,
UTF-16, NULs, long lines, names with blanks. An audit may not fail, must end within five seconds, must judge
or count every block, and must give the same verdicts if the report is moved down, has CRLF, is wrapped anew,
or has other numbers at its sections and list items.
"""

import argparse
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator

from markdown_it import MarkdownIt

from labreport.audit.audit import ReportError, audit_report
from labreport.audit.evidence import EvidenceIndex, read_evidence
from labreport.audit.inputs.tree import Kind, TreeFile
from labreport.audit.model import ReportAudit
from labreport.audit.report import Report

SECONDS = 5
NAMES = ("a.txt", "box/a.txt", "box/b c.txt", "box/c.txt\u200e", " d.csv", "x/y/z.log", "e.json", "f.sh")
LINES = (
    "Host: 449", "Guest VM: 52", "real\t0m1.620s", "avg=0.0026s min=0.0018s n=50", "model name\t: AMD EPYC",
    "Linux 7f2bb2b8943d 6.12.47 #1 SMP Fri Nov 14 x86_64 Linux", "Guest kernel: 6.12.47", "",
    "   ", "runc:", "$ x",
    "\x1b[31mred\x1b[0m", "a\rb\rc", "cat: x: No such file or directory", "real 0.00", "...",
    "1,1,runc,2.566433,0",
    "| a | b |", "```", "~~~~", "<!--", "-->", "</details>", "\u200e\u00a0x",
    "1: lo: <LOOPBACK,UP> mtu 65536",
    "    inet 10.4.0.11/24", '{"seconds": 9.6}', "-" * 300, "<" * 300, "`" * 50,
)  # fmt: skip
OPENED = (
    "```",
    "````",
    "~~~",
    "> ```",
    "- ```",
    "  ```text",
    "```1:2:box/a.txt",
    "```3:1:a.txt",
    "```0:9:x.txt",
    "    ",
)
TEXTS = (
    "From `box/a.txt`:", "## Task (`a.txt`)", "**a.txt**", "[it](labs/lab/box/a.txt):", "Source: `x/y/z.log`",
    "It took 1.62 s, 2.6 ms or 3-5 s.", "- Host: **449**",
    "| a | time |\n|---|---|\n| Host | 1.62 s |", "Kernel 6.12.47.",
    "Run ```x y```: it says\n```x y```: shows it", "<details>\n<summary>x</summary>\n",
    "</details>", '=== "Tab"',
    "<!-- hidden -->", "10.4.0.11 and 7f2bb2b8943d", "\\```", "", "* * *", "Setext\n===",
    "[^1]: note", "~0.15 s slower",
    "## Task 2 (`box/a.txt`)", "1. The host, `a.txt`:", "### 3.1 Kernels: `x/y/z.log`",
    "The plain start took 1.62 s\nand the boxed one 1.774 s,\nwhich is 0.154 s slower. See `a.txt`.",
    "The kernel\nof the guest is 6.12.47, and the shim says\nthe same in `box/b c.txt`:",
)  # fmt: skip


WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:`/_-]*")
"""A line of a paragraph that stays one wherever it is broken before a word."""
BREAK = re.compile(r" (?=[A-Za-z]+ )(?=(?:[^`]*`[^`]*`)*[^`]*$)")
"""A blank before a word, outside of code."""
NUMBER = re.compile(r"^(## Task |### |(?=1\. The))[0-9]+", re.MULTILINE)
"""The number of a task, a section or a list item."""


class Files:
    """A tree in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.data = files
        self.name = "evidence"

    def files(self) -> list[TreeFile]:
        """Return the files; a name that ends in .link is a link."""
        kinds = {True: Kind.LINK, False: Kind.FILE}
        return [TreeFile(path, kinds[path.endswith(".link")], path) for path in self.data]

    def read(self, file: TreeFile, limit: int = 8 * 1024 * 1024) -> bytes:
        """Return the bytes of a file."""
        return self.data[file.key][:limit]


def content(chance: random.Random) -> bytes:
    """Return what a file of the evidence may have."""
    text = "".join(f"{chance.choice(LINES)}\n" for _line in range(chance.choice((0, 1, 3, 8, 30))))
    forms = {
        0: text.encode("utf-16"),
        1: b"\xef\xbb\xbf" + text.encode(),
        2: text.replace("\n", "\r\n").encode(),
        3: text.replace("\n", "\r").encode(),
        4: chance.randbytes(200),
        5: text.rstrip("\n").encode(),
        6: (chance.choice(LINES) * 3000).encode(),
    }
    return forms.get(chance.randrange(12), text.encode())


def report(chance: random.Random, files: dict[str, bytes]) -> str:
    """Return a report that quotes some of the files, with mistakes."""
    parts = []
    for _part in range(chance.randrange(1, 12)):
        if chance.random() < 0.5:  # half of them
            parts.append(chance.choice(TEXTS))
            continue
        data = chance.choice([*files.values(), b""])[:3000]
        lines = data.decode(errors="replace").splitlines() or [chance.choice(LINES)]
        start = chance.randrange(len(lines))
        body = lines[start : start + chance.randrange(1, 9)]
        if chance.random() < 0.4:  # some are changed
            body[chance.randrange(len(body))] = chance.choice(LINES)
        mark = chance.choice(OPENED)
        closing = re.sub(r"(?<=[`~])[^`~]+$", "", mark) if chance.random() < 0.95 else "x"
        indent = mark[: len(mark) - len(mark.lstrip("> "))]
        parts.append("\n".join([mark, *(f"{indent}{line}" for line in body), closing]))
    return "\n\n".join(parts) + "\n"


def audited(text: str, evidence: EvidenceIndex) -> ReportAudit:
    """Return the audit of a report."""
    return audit_report(Report("r", "r.md", text.encode(errors="surrogatepass")), evidence)


def verdicts(done: ReportAudit) -> list[object]:
    """Return all verdicts, without their places."""
    values = [(one.text, one.verdict) for one in done.values]
    return [*(one.verdict for one in done.blocks), *values, *sorted(one.kind for one in done.oddities)]


def faults(seed: int) -> Iterator[str]:
    """Yield what is wrong with the audit of one random report."""
    chance = random.Random(seed)  # noqa: S311 # reproducible
    files = {name: content(chance) for name in chance.sample(NAMES, chance.randrange(len(NAMES)))}
    tree = Files(files)
    evidence = read_evidence(tree, tree.files())
    text = report(chance, files)
    started = time.process_time()
    try:
        done = audited(text, evidence)
    except ReportError:  # it has a NUL
        return
    if time.process_time() - started > SECONDS:
        yield "slow"
    if not all(one.why for one in done.judgements):
        yield "a judgement without a reason"
    if len({one.id for one in done.judgements}) != len(list(done.judgements)):
        yield "an id twice"
    expected = verdicts(done)
    if (
        verdicts(audited(text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n"), evidence))
        != expected
    ):
        yield "other verdicts with CRLF"
    if verdicts(audited(f"\n\n\n{text}", evidence)) != expected:
        yield "other verdicts further down"
    if verdicts(audited(wrapped_anew(text, chance), evidence)) != expected:
        yield "other verdicts when wrapped anew"
    if verdicts(audited(renumbered(text, chance), evidence)) != expected:
        yield "other verdicts with other numbers"


def wrapped_anew(text: str, chance: random.Random) -> str:
    """Return a report whose paragraphs have their lines broken elsewhere, always between two words."""
    lines = text.split("\n")
    for token in reversed(MarkdownIt("commonmark").parse(text)):
        first, end = token.map or (0, 0)
        is_plain = token.level == 0 and token.type == "paragraph_open"
        if is_plain and all(WORDS.fullmatch(line) for line in lines[first:end]):
            joined = " ".join(lines[first:end])
            lines[first:end] = BREAK.sub(lambda _blank: chance.choice((" ", " ", "\n")), joined).split("\n")
    return "\n".join(lines)


def renumbered(text: str, chance: random.Random) -> str:
    """Return a report with other numbers at its tasks, sections and list items."""
    number = str(chance.randrange(1, 90))
    return NUMBER.sub(lambda match: f"{match[1]}{number}", text)


def campaign(seed: int, count: int) -> Counter[str]:
    """Return the faults of many random audits, by kind, with one seed of each."""
    found: Counter[str] = Counter()
    for number in range(seed, seed + count):
        try:
            kinds = list(faults(number))
        except Exception as error:  # noqa: BLE001 # any error is a fault
            kinds = [f"{type(error).__name__}: {error}"]
        for kind in kinds:
            found[kind] += 1
            if found[kind] == 1:
                print(f"seed {number}: {kind}", file=sys.stderr)  # noqa: T201 # the result of a campaign
    return found


def main() -> int:
    """Run the campaign that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    found = campaign(options.seed, options.count)
    print(f"{options.count} audits: {dict(found) or 'no fault'}")  # noqa: T201 # likewise
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
