"""The hash of a collector's source: what changes it, what does not, and that all Pythons agree."""

import json
import os
import random
import shutil
import subprocess
import tokenize
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from labreport.capture import source_hash
from labreport.capture.source_hash import reduced
from labreport.capture.source_hash import source_hash as hash_of
from tests.project import REPO

CASES: list[dict[str, str]] = json.loads((Path(__file__).parent / "cases/source_hash.json").read_text())

MODULE = '''"""A lab."""

import os
from labreport.capture import *  # what a collector needs

# The word.
WORD = "w # no comment"
"""What is written."""


class Shape:
    """A shape."""

    sides: int = 4


def shared(out, *, times=2):
    """Write the word."""
    def inner():
        """Say it."""
        return f"{WORD!r:>{times}} # neither"
    out.line(inner())


@collector(edition=2025, task=1, writes=["a.txt"])
def a(run: Run) -> None:
    """A."""
    import json

    first = 1
    second = 2 \\
        + first
    text = """one

    two # still text
"""
    with run.file("a.txt") as out:
        shared(out)  # once


@collector(edition=2025, task=2, writes=["b.txt"])
def b(run: Run) -> None:
    """B."""
    with run.file("b.txt") as out: out.line("b")
'''


def edited(old: str, new: str) -> str:
    """Return the module with one string replaced."""
    assert MODULE.count(old) == 1
    return MODULE.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# The word.", "# The only word.\n# Two lines."),
        ("# The word.\n", ""),
        ("  # once", ""),
        ("shared(out)  # once", "shared(out)# twice"),
        ('"""A lab."""', '"""Another lab.\n\nOf two paragraphs.\n"""'),
        ('"""A lab."""\n\n', ""),
        ('"""A shape."""', '"""Any shape."""'),
        ('    """A shape."""\n\n', ""),
        ('"""Write the word."""', "'''Print the word.'''"),
        ('"""Say it."""', '("Say" " it.")'),
        ('        """Say it."""\n', ""),
        ('"""What is written."""', '"""What is written, \\\nin two lines."""'),
        ("import os\n", "import sys, os\nfrom pathlib import (\n    Path,  # a path\n\n    PurePath,\n)\n"),
        ("import os\n", "from os import path as place; import sys\n"),
        ("    import json\n\n", ""),
        ("    import json\n", "    import json; from math import \\\n        pi\n"),
        ("    import json\n\n    first = 1\n", "    import json; first = 1;\n"),
        ('    """A."""\n    import json\n', '    """A."""; import json\n'),
        ("    first = 1\n", "\n\n\n    first = 1   \n\n"),
        ("    first = 1\n", "    first = 1;\n \t\n"),
        ("class Shape:", "\f\nclass Shape:"),
        ("\n\n\nclass", "\nclass"),
        ('writes=["b.txt"]', 'writes=["c.txt"]'),
        ('out.line("b")', 'out.line("c")'),
        ('    with run.file("b.txt") as out: out.line("b")\n', ""),
    ],
)
def test_what_leaves_the_hash(old: str, new: str) -> None:
    """Comments, docstrings, imports, trailing whitespace, blank lines and other collectors do not count."""
    compile(edited(old, new), "module", "exec")
    assert hash_of(edited(old, new), "a") == hash_of(MODULE, "a")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"w # no comment"', '"w # a comment"'),
        ('"w # no comment"', '"w "  # no comment'),
        ("sides: int = 4", "sides: int = 5"),
        ("times=2", "times=3"),
        ("# neither", "# either"),
        ("{WORD!r:>{times}}", "{WORD!s:>{times}}"),
        ("out.line(inner())", "out.line( inner())"),
        ("edition=2025, task=1", "edition=2026, task=1"),
        ("@collector(edition=2025, task=1", "@other\n@collector(edition=2025, task=1"),
        ("    first = 1\n    second", "    second"),
        ("    first = 1\n", "    first = 1\n    pass\n"),
        ("second = 2 \\\n        + first", "second = 2 + first"),
        ("one\n\n    two", "one\n    two"),
        ("one\n\n    two", "one \n\n    two"),
        ("one\n\n    two", "one;\n\n    two"),
        ("two # still text", "two # no text"),
        ('"""What is written."""', 'b"""What is written."""'),
        ('"""What is written."""', 'f"""What is written."""'),
        ("    def inner():\n", "    first = inner = None\n    def inner():\n"),
        ('    """Write the word."""\n', '    """Write the word."""\n    out.line()\n'),
        ("        shared(out)", "        shared(out, times=1)"),
    ],
)  # fmt: skip
def test_what_changes_the_hash(old: str, new: str) -> None:
    """A constant, any character of a string, a decorator and a statement count."""
    compile(edited(old, new), "module", "exec")
    assert hash_of(edited(old, new), "a") != hash_of(MODULE, "a")


def test_the_order_of_lines_changes_the_hash() -> None:
    """Two statements in another order have another hash."""
    assert hash_of("a = 1\nb = 2\n") != hash_of("b = 2\na = 1\n")


def test_a_module_is_hashed_with_all_its_collectors() -> None:
    """Without the name of a collector, every collector in the module counts."""
    changed = edited('out.line("b")', 'out.line("c")')
    assert hash_of(changed, "a") == hash_of(MODULE, "a")
    assert hash_of(changed, "b") != hash_of(MODULE, "b")
    assert hash_of(changed) != hash_of(MODULE)


def test_a_body_of_a_docstring_alone() -> None:
    """The docstring does not count, but a statement in its place does."""
    body = 'def f():\n    """{}"""\n'
    assert hash_of(body.format("One.")) == hash_of(body.format("Two.\n\n    # three\n    "))
    assert hash_of(body.format("One.")) != hash_of("def f():\n    return 1\n")


def test_indentation_changes_the_hash() -> None:
    """Tabs and spaces are hashed as written."""
    assert hash_of("if 1:\n\tx = 1\n") != hash_of("if 1:\n        x = 1\n")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends(end: str) -> None:
    """Python reads all line ends alike, and so does the hash."""
    assert hash_of(MODULE.replace("\n", end), "a") == hash_of(MODULE, "a")


def test_a_byte_order_mark() -> None:
    """A byte order mark does not count."""
    assert hash_of("\ufeff" + MODULE, "a") == hash_of(MODULE, "a")


def test_what_is_hashed_can_be_read() -> None:
    """The reduced text is the code as written, line by line."""
    assert reduced(MODULE, "b").split("\n")[:5] == [
        'WORD = "w # no comment"',
        "class Shape:",
        "    sides: int = 4",
        "def shared(out, *, times=2):",
        "    def inner():",
    ]


def test_source_that_is_not_python() -> None:
    """Source with a syntax error has no hash."""
    with pytest.raises(SyntaxError):
        hash_of("def f(:\n")


OURS = sorted((REPO / "labreport/capture").rglob("*.py"))


@pytest.mark.slow_after(8)
@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_real_modules(path: Path) -> None:
    """A comment after any statement of a real module does not count, and a changed number does."""
    text = path.read_text()
    chance = random.Random(path.name)  # noqa: S311 - a place, no secret
    tokens = list(tokenize.generate_tokens(StringIO(text).readline))
    lines = text.split("\n")
    ends = [token.start[0] for token in tokens if token.type == tokenize.NEWLINE]
    for row in chance.sample(ends, min(len(ends), 20)):
        lines[row - 1] += chance.choice(["  # noqa", " ", "\n\n\f", "\n# Why.\n"])
    assert hash_of("\n".join(lines)) == hash_of(text)
    numbers = [token for token in tokens if token.type == tokenize.NUMBER]
    for token in numbers[:5]:
        changed = text.split("\n")
        row, column = token.end
        changed[row - 1] = changed[row - 1][:column] + "0" + changed[row - 1][column:]
        assert hash_of("\n".join(changed)) != hash_of(text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_hashes_that_records_have(case: dict[str, str]) -> None:
    """The rule is part of the format: rule 2 keeps these hashes for ever."""
    assert source_hash.HASH_RULE == 2
    assert hash_of(case["source"], case.get("collector", "")) == case["sha256"]


ELSEWHERE = """
import json, runpy, sys
module = runpy.run_path(sys.argv[1])
cases = json.load(sys.stdin)
print(json.dumps([module["source_hash"](case["source"], case.get("collector", "")) for case in cases]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("minor", [11, 12, 13, 14])
def test_every_python_has_the_same(minor: int) -> None:
    """Each Python on this machine computes the same hashes."""
    program = python(minor)
    if program is None:
        pytest.skip(f"python3.{minor} is not on this machine")
    module = REPO / "labreport/capture/source_hash.py"
    cases: list[dict[str, Any]] = [*CASES, *({"source": path.read_text()} for path in OURS)]
    argv = [program, "-I", "-c", ELSEWHERE, str(module)]
    ended = subprocess.run(argv, input=json.dumps(cases), capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == [hash_of(case["source"], case.get("collector", "")) for case in cases]


def python(minor: int) -> str | None:
    """Return a Python 3 of this minor version from PATH or pyenv; None if there is none that runs."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    programs = [*map(str, versions.glob(f"3.{minor}.*/bin/python3")), shutil.which(f"python3.{minor}")]
    for program in filter(None, programs):
        asked = subprocess.run([program, "-c", "import sys; print(sys.version_info[1])"],
                               capture_output=True, text=True, check=False)  # fmt: skip
        if asked.stdout.strip() == str(minor):
            return program
    return None
