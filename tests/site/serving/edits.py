"""A project whose pages use every kind of file, and edits of it, each drawn at random."""

import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from labreport.contract.records import dump
from tests.project import HOST, WHEN, CapturedFile, Little, row

PAGES = ("labs/lab12/index.md", "labs/lab12/task-1.md", "labs/lab12/task-2.md", "labs/lab13/index.md")
SERIES = "a/times.txt"
FACTS = f"runc:\n  file: {SERIES}\n  read: {{}}\n"
RUBRIC = (
    "2025:\n  one:\n    requirement: Number {}\n    page: task-1.md\n    section: Task 1\n    shows: [{}]\n"
)
TEXTS = (
    "Words and words.",
    "It took 12 ms.",
    '{{ evidence("a/plain.txt", lines="1:2") }}',
    '{{ evidence("a/late.txt") }}',
    '{{ command("a/plain.txt") }}',
    'The start took {{ fact("runc") }}.',
    '{% call claim("runc < 10 s") %}runc starts quickly{% endcall %}',
    'It is {{ fact("nothing") }}.',
    '{{ evidence("a/plain.txt", lines="7:9") }}',
    "[elsewhere](task-1.md#nowhere)",
    "[missing](missing.md)",
    "{{ glossary() }}",
    "{{ requirements() }}",
    "{{ changes('before') }}",
    "A snapshot is a copy.",
    "{{ labs() }}",
    "{{ hosts() }}",
    "{{ state() }}",
    "{{ commands() }}",
    "{{ nonsense( }}",
    "<div markdown>**odd** <b>unclosed",
    "## A section {#own}",
    "## It took {{ fact('runc') }}",
    "## Printed {{ evidence('a/plain.txt') }}",
)
"""What a page may say."""


def fill(little: Little) -> None:
    """Write pages, evidence, and the YAML files of two labs."""
    little.capture(CapturedFile("a/plain.txt", b"one\ntwo\nthree\n"))
    little.capture(CapturedFile(SERIES, b"runc 1.5 s\nkata 2.5 s\n"))
    little.capture(CapturedFile("b/of-13.txt", b"another lab\n"), lab="lab13")
    little.capture(CapturedFile(SERIES, b"runc 1.4 s\nkata 2.5 s\n"), lab="hosts/before/lab12")
    little.state(row("late", "a/late.txt", reason="not now"))
    little.page("index.md", "# Front\n\n{{ labs() }}\n\n{{ hosts() }}\n")
    little.page("hosts.md", "# Hosts\n\n{{ hosts() }}\n\n[The lab](labs/lab12/index.md)\n")
    little.page("labs/lab12/index.md", "# Lab 12\n\n{{ coverage() }}\n\n{{ index() }}\n\n{{ state() }}\n")
    little.page("labs/lab12/task-1.md", f"# Task 1\n\n{TEXTS[2]}\n\n{TEXTS[3]}\n")
    little.page("labs/lab12/task-2.md", f"# Task 2\n\n{TEXTS[5]}\n\n{TEXTS[6]}\n\n{TEXTS[14]}\n")
    little.page("labs/lab13/index.md", '# Lab 13\n\n{{ evidence("b/of-13.txt") }}\n')
    little.page("labs/lab12/facts.yml", FACTS.format("quantity runc"))
    little.page("labs/lab12/glossary.yml", "snapshot: a copy of a disk\n")
    little.page("labs/lab12/rubric.yml", RUBRIC.format(0, "a/plain.txt"))


def page_body(little: Little, draw: random.Random) -> None:
    """Write a page's body, its title kept."""
    path = little.root / "docs" / draw.choice(PAGES)
    if path.is_file():
        head = path.read_text(errors="replace").partition("\n")[0]
        path.write_text("\n\n".join([head, *draw.sample(TEXTS, draw.randrange(5))]) + "\n")


def page_title(little: Little, draw: random.Random) -> None:
    """Give a page another title, which the navigation shows."""
    path = little.root / "docs" / draw.choice(PAGES)
    if path.is_file():
        _head, _, rest = path.read_text(errors="replace").partition("\n")
        path.write_text(f"# Title {draw.randrange(3)} <b> & more\n{rest}")


def page_not_utf8(little: Little, draw: random.Random) -> None:
    """Save a page in another encoding."""
    path = little.root / "docs" / draw.choice(PAGES)
    path.write_bytes(b"# Task 1\n\nLow \x96 yes.\n")


def page_front_matter(little: Little, draw: random.Random) -> None:
    """Give a page front matter, good or bad."""
    keys = draw.choice(("icon: material/no-such", "expected: [a/late.txt]", "title: 7", "hide: [toc]", "{"))
    little.page("labs/lab12/task-1.md", f"---\n{keys}\n---\n# Task 1\n\n{draw.choice(TEXTS)}\n")


def page_new_or_gone(little: Little, draw: random.Random) -> None:
    """Write a page, or remove it."""
    path = little.root / "docs/labs/lab12/task-3.md"
    if path.exists():
        path.unlink()
    else:
        path.write_text(f"# Task 3\n\n{draw.choice(TEXTS)}\n")


def evidence_bytes(little: Little, draw: random.Random) -> None:
    """Write an evidence file, without its record."""
    path = little.root / "evidence/lab12" / draw.choice(("a/plain.txt", SERIES, "a/late.txt"))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(draw.choice((b"one\ntwo\n", b"runc 3.5 s\nkata 1 s\n", b"", b"\xff\x00\n")))


def evidence_gone(little: Little, draw: random.Random) -> None:
    """Remove an evidence file."""
    path = little.root / "evidence/lab12" / draw.choice(("a/plain.txt", SERIES, "a/late.txt"))
    path.unlink(missing_ok=True)


def evidence_captured(little: Little, draw: random.Random) -> None:
    """Capture a file, with its record, at some time and on one of two hosts."""
    data = draw.choice((b"one\ntwo\nthree\n", b"runc 1.5 s\nkata 2.5 s\n", b"runc 20 s\n"))
    file = CapturedFile(draw.choice(("a/plain.txt", SERIES, "a/late.txt", "a/new.html")), data)
    host = HOST.model_copy(update={"kernel": draw.choice((HOST.kernel, "6.1.0"))})
    little.capture(file, host=host, start=WHEN + timedelta(days=draw.randrange(3)))


def evidence_folder(little: Little, draw: random.Random) -> None:
    """Move a folder of evidence to another name, put it back, or put a link in its place."""
    folder, other = (little.root / "evidence/lab12" / name for name in ("a", "moved"))
    if folder.is_symlink():
        folder.unlink()
    elif folder.is_dir() and not other.exists():
        folder.rename(other)
    if not folder.exists():
        draw.choice((lambda: None, lambda: other.rename(folder), lambda: folder.symlink_to("moved")))()


def evidence_link(little: Little, draw: random.Random) -> None:
    """Put a link in the place of an evidence file."""
    path = little.root / "evidence/lab12/a/plain.txt"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(draw.choice(("/etc/hostname", "times.txt")))


def record_gone_or_broken(little: Little, draw: random.Random) -> None:
    """Remove a record, or cut it short."""
    path = little.root / "evidence/lab12/records/a-plain.txt.json"
    if path.is_file() and draw.random() < 0.5:
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.unlink(missing_ok=True)


def host_gone_or_other(little: Little, draw: random.Random) -> None:
    """Remove what is known of a host, or write something else of it."""
    path = little.root / f"evidence/lab12/records/host-{HOST.id}.json"
    if path.is_file() and draw.random() < 0.5:
        path.unlink()
    else:
        path.write_bytes(dump(HOST.model_copy(update={"cores": draw.randrange(1, 4)})))


def state_json(little: Little, draw: random.Random) -> None:
    """Write the states of the collectors."""
    state = draw.choice(("missing", "stale"))
    little.state(row("late", "a/late.txt", "a/plain.txt", state=state, reason=f"{draw.randrange(3)}"))


def other_set(little: Little, _draw: random.Random) -> None:
    """Add the evidence of another host, or remove it."""
    folder = little.root / "evidence/hosts/other"
    if folder.exists():
        shutil.rmtree(folder)
    else:
        little.capture(CapturedFile(SERIES, b"runc 9 s\n"), lab="hosts/other/lab12")


def facts_yml(little: Little, draw: random.Random) -> None:
    """Write facts.yml, good or bad, or remove it."""
    how = draw.choice(("quantity runc", "quantity kata", "quantity runc", "qantity"))
    little.page("labs/lab12/facts.yml", FACTS.format(how))
    if draw.random() < 0.1:
        (little.root / "docs/labs/lab12/facts.yml").unlink()


def rubric_yml(little: Little, draw: random.Random) -> None:
    """Write rubric.yml, or remove it."""
    shows = draw.choice(("a/plain.txt", "a/late.txt"))
    little.page("labs/lab12/rubric.yml", RUBRIC.format(draw.randrange(3), shows))
    if draw.random() < 0.2:
        (little.root / "docs/labs/lab12/rubric.yml").unlink()


def glossary_yml(little: Little, draw: random.Random) -> None:
    """Write glossary.yml, good or bad."""
    meaning = draw.choice(("a copy of a disk", "a picture", "[1, 2]"))
    little.page("labs/lab12/glossary.yml", f"snapshot: {meaning}\n")


def asset(little: Little, draw: random.Random) -> None:
    """Write a file that is no page, or remove it."""
    path = little.root / "docs/assets/mark.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><!-- {draw.randrange(9)} --></svg>')


def linked_folder(little: Little, draw: random.Random) -> None:
    """Write a page in a folder that docs/ links to, once or twice; add or remove such a link."""
    shared, link = little.root / "shared", little.root / "docs" / draw.choice(("linked", "linked-again"))
    shared.mkdir(exist_ok=True)
    (shared / "page.md").write_text(f"# Shared\n\n{draw.choice(TEXTS)}\n")
    if draw.random() < 0.4:
        if link.is_symlink():
            link.unlink()
        else:
            link.symlink_to("../shared")


def settings(little: Little, draw: random.Random) -> None:
    """Write mkdocs.yml."""
    path = little.root / "mkdocs.yml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("copyright")]
    path.write_text("\n".join([*lines, f"copyright: Number {draw.randrange(3)}", ""]))


def scratch(little: Little, draw: random.Random) -> None:
    """Leave the backup of an editor."""
    Path(little.root / f"docs/labs/lab12/task-1.md{draw.choice('~#')}").write_text("old")


EDITS: tuple[Callable[[Little, random.Random], None], ...] = (
    page_body, page_body, page_body, page_body, page_title, page_not_utf8, page_front_matter,
    page_new_or_gone, evidence_bytes, evidence_bytes, evidence_gone, evidence_captured, evidence_captured,
    evidence_folder, evidence_link, record_gone_or_broken, host_gone_or_other, state_json, other_set,
    facts_yml, facts_yml, rubric_yml, glossary_yml, asset, linked_folder, linked_folder, settings, scratch,
)  # fmt: skip
