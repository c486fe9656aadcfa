"""A student's evidence replaces the report's: the tests pass, and a build names the claims that fail."""

import json
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from labreport.contract.reader import read_host, readable_records
from labreport.contract.records import HostClass
from labreport.contract.verify import verify
from tests.conftest import cloned
from tests.project import clean_environment

LAB = "lab12"
CPU = b"model name\t: 12th Gen Intel(R) Core(TM) i5-1240P\n"
SHIM = (
    b"Kata Containers containerd shim (Rust): id: io.containerd.kata.v2, version: 3.24.1, commit: 0000000\n"
)
STUDENT = {
    "analysis/host.txt": b"Host kernel (runc uses this):\n6.8.0-49-generic\nHost CPU:\n"
    + CPU
    + b"Entries in /proc:\n412\nEntries in /sys/module:\n301\n",
    "kata/cpu.txt": CPU,
    "setup/kata-built-version.txt": SHIM,
    "bench/http-latency.txt": b"=== HTTP Latency Test ===\navg=0.0026s min=0.0022s max=0.0031s n=50\nasked\n",
}
"""The files that differ: a faster host, a guest that sees the processor's name, and a newer Kata."""

READERS = [
    "tests/report/facts/test_facts.py",
    "tests/report/facts/test_mutations.py",
    "tests/site/test_schemas.py",
    "tests/report/export/test_export.py",
    "tests/check/test_project.py",
    "tests/site/test_reader.py",
    "tests/site/test_course.py",
    "tests/cli/test_readme.py",
]
"""The tests that read evidence/ or docs/labs of their own project."""
SLOW_READERS = ["tests/site/test_own_site.py", "tests/cli/test_template.py"]
"""More such tests. All of these are slow."""

CLAIM = re.compile(r'\{% call claim\("([^"]*)"\) %\}')
NAMED = re.compile(r'(labs/\S+\.md:[0-9]+): claim\("([^"]*)"\).*?: (contradicted|not comparable|error): ')
TEXTS = frozenset({"address", "addresses", "cpu", "kernel", "verdict", "version"})
SIZES: dict[str, Fraction | int] = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
BITS: dict[str, Fraction | int] = {
    "bit/s": Fraction(1, 8),
    "kbit/s": 125,
    "Mbit/s": 125_000,
    "Gbit/s": 125_000_000,
}
TIMES: dict[str, Fraction | int] = {
    "ns": Fraction(1, 10**9),
    "µs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": 1,
    "min": 60,
    "h": 3600,
}
UNITS: dict[str, Fraction | int] = {
    "": 1,
    "%": Fraction(1, 100),
    "1/s": 1,
    "requests/s": 1,
    **TIMES,
    **SIZES,
    **BITS,
} | {f"{size}/s": factor for size, factor in SIZES.items()}
WORDS = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')|(?P<number>[0-9]+(?:\.[0-9]+)?)(?:\s*(?P<unit>%|(?!and\b|or\b)[a-zA-Zµ]+(?:/s)?))?"""
    r"|(?P<name>[A-Za-z_]\w*(?:\.\w+)*)"
)
FUNCTIONS = {
    "min": min, "max": max, "abs": abs, "median": lambda *several: statistics.median(several),
    "ratio": lambda one, other: one / other, "percent": lambda one, other: one / other,
}  # fmt: skip


@dataclass(frozen=True)
class Student:
    """A clone with a student's evidence, and the output of a build."""

    root: Path
    said: str

    @property
    def named(self) -> set[tuple[str, str]]:
        """Page and line of each claim that fails according to the build, and its condition."""
        return {(place, condition) for place, condition, _ in NAMED.findall(self.said)}


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory, origin: Path) -> Student:
    """Collect the lab with --replace, as on a bare-metal host, and build the site."""
    folder = tmp_path_factory.mktemp("student")
    root, committed = cloned(origin, folder / "project"), folder / "committed" / LAB
    shutil.copytree(root / "evidence" / LAB, committed)
    for path, data in STUDENT.items():
        (folder / "printed" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "printed" / path).write_bytes(data)
    run(root, "tests/lab12/stand_in.py", LAB, str(folder / "printed"), str(committed))
    return Student(root, run(root, "-m", "mkdocs", "build", "--quiet", status=1).stderr)


def run(root: Path, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run Python in the clone, with the clone's own packages."""
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env={**clean_environment(), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    return ended


@pytest.mark.slow
def test_the_set_is_the_students(student: Student) -> None:
    """The evidence is intact and from one host only. What another host measured is gone."""
    folder = student.root / "evidence" / LAB
    records = readable_records(folder)
    assert verify(student.root / "evidence").verdict == "intact"
    assert {read_host(folder, record.host).host_class for record in records.values()} == {
        HostClass.BARE_METAL
    }
    for path, data in STUDENT.items():
        assert (folder / path).read_bytes() == data


@pytest.mark.slow
def test_the_build_names_the_sentences_that_no_longer_hold(student: Student) -> None:
    """The build names exactly the claims that fail, with page and line. The test evaluates them in Python."""
    values = values_of(student.root)
    false: set[tuple[str, str]] = set()
    true: set[tuple[str, str]] = set()
    for place, condition in claims_of(student.root):
        if names_of(condition) <= values.keys():
            (true if plainly(condition, values) else false).add((place, condition))
    assert false
    assert true
    assert student.named == false
    listed = student.said.partition("The report has ")[2].splitlines()[1:]
    others = [line for line in listed if line.startswith("  ") and not NAMED.search(line)]
    assert all("not captured" in line for line in others), others


@pytest.mark.slow
@pytest.mark.timeout(900)  # two runs of tests, and each removes the folders of earlier runs
def test_the_tests_stay_green(student: Student) -> None:
    """The tests that read the project's evidence or pages pass in the student's project."""
    assert all((student.root / path).is_file() for path in READERS + SLOW_READERS)
    run(student.root, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *READERS)
    run(student.root, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SLOW_READERS)


def claims_of(root: Path) -> list[tuple[str, str]]:
    """Return page and line of each claim in the source of the lab's pages, and its condition."""
    docs = root / "docs"
    return [
        (f"{path.relative_to(docs).as_posix()}:{number}", condition)
        for path in sorted((docs / "labs" / LAB).rglob("*.md"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for condition in CLAIM.findall(line)
    ]


def values_of(root: Path) -> dict[str, Fraction | str]:
    """Return the values of the facts that have one, from `lab facts`, in seconds and bytes."""
    declared = yaml.safe_load((root / "docs" / "labs" / LAB / "facts.yml").read_text())
    listed = subprocess.run(
        [sys.executable, "labreport", "facts", "--json"],
        cwd=root, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: dict[str, Fraction | str] = {}
    for row in json.loads(listed.stdout):
        if row["lab"] == LAB and isinstance(row["value"], str):
            text = declared[row["name"]]["read"].split()[0] in TEXTS
            found[row["name"]] = row["value"] if text else Fraction(row["value"]) * UNITS[row["unit"]]
    return found


def names_of(condition: str) -> set[str]:
    """Return the names of the facts in a condition."""
    found = {one["name"] for one in WORDS.finditer(condition) if one["name"]}
    return found - FUNCTIONS.keys() - {"and", "or", "not"}


def plainly(condition: str, values: dict[str, Fraction | str]) -> bool:
    """Evaluate a condition in Python, with numbers in seconds and bytes."""

    def word(match: re.Match[str]) -> str:
        if match["number"]:
            return f'(Fraction("{match["number"]}") * UNITS["{match["unit"] or ""}"])'
        name = match["name"]
        return f'V["{name}"]' if name in values else match[0]

    held = eval(WORDS.sub(word, condition), {"Fraction": Fraction, "UNITS": UNITS, "V": values} | FUNCTIONS)  # noqa: S307 # ours
    assert isinstance(held, bool)
    return held
