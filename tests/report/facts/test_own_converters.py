"""A lab can have converters of its own. They run only on request, and their errors are no tracebacks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from labreport.report.facts.converters import CONVERTERS, NotThere, convert
from labreport.report.facts.converters.own import ConverterError, lab_converters, sample_errors
from labreport.report.facts.facts import load_facts
from labreport.report.yaml_file import YamlError
from tests.project import REPO, CapturedFile, Little, make

PAGE = (REPO / "docs/manual/reference/facts.md").read_text()
EXAMPLE: str = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
FILE = "collectors/lab12/converters.py"
_LINES = EXAMPLE.split("\n")
FUNCTION = 1 + next(n for n, line in enumerate(_LINES) if line.startswith("def handshakes("))
BODY = 1 + _LINES.index("    return read_line(text, label, RATE)")
REGISTRY = 1 + next(n for n, line in enumerate(_LINES) if line.startswith("CONVERTERS"))
FACTS = "rate: {file: rate.txt, read: handshakes}\nagain: {file: rate.txt, read: handshakes total}\n"
TASK = '# Task\n\nIt does {{ fact("rate") }}.\n\nAnd again: {{ fact("rate") }} and {{ fact("again") }}.\n'
WRONG: dict[str, tuple[str, int, str]] = {
    "syntax": ("x = 1\ndef (:\n", 2, "SyntaxError: invalid syntax"),
    "import": (
        "import os\nimport nothing_of_this_name\n",
        2,
        "ModuleNotFoundError: No module named",
    ),
    "exception": ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
    "exit": ("import sys\n\nsys.exit(3)\n", 3, "SystemExit: 3"),
    "no registry": ("x = 1\n", 1, "has no CONVERTERS, a dict of names and converters"),
    "an empty registry": ("CONVERTERS = {}\n", 1, "has no CONVERTERS"),
    "a list": ("CONVERTERS = []\n", 1, "has no CONVERTERS"),
    "a name taken": (
        EXAMPLE.replace('{"handshakes"', '{"seconds"'),
        REGISTRY,
        "has a converter 'seconds'",
    ),
    "a wrong name": (EXAMPLE.replace('{"handshakes"', '{"Two words"'), REGISTRY, "'Two words' is not a name"),
    "no name": (EXAMPLE.replace('{"handshakes"', "{3"), REGISTRY, "3 is not a name for a converter"),
    "no converter": (
        EXAMPLE.replace("Converter(handshakes)", "handshakes"),
        REGISTRY,
        "'handshakes' is a value of type function, not a Converter",
    ),
    "nothing to call": (
        EXAMPLE.replace("Converter(handshakes)", "Converter(3)"),
        REGISTRY,
        "not a Converter",
    ),
}
FAILING: dict[str, tuple[str, int, str]] = {
    "an exception": ("    return 1 / 0\n", BODY, "ZeroDivisionError: division by zero"),
    "nothing": ("    return None\n", FUNCTION, "handshakes returned a value of type NoneType"),
    "a list": ("    return [decimal('1')]\n", FUNCTION, "handshakes returned a value of type list"),
    "an empty series": ("    return ()\n", FUNCTION, "handshakes returned an empty tuple"),
    "a series of numbers": (
        "    return (decimal('1'),)\n",
        FUNCTION,
        "handshakes returned a value of type",
    ),
    "a number": ("    return 3\n", FUNCTION, "handshakes returned a value of type int"),
    "the end of the process": ("    raise SystemExit(0)\n", BODY, "SystemExit: 0"),
    "an endless recursion": (
        "    return handshakes(text, label)\n",
        BODY,
        "RecursionError: maximum",
    ),
}


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a project whose lab has the manual's converter, a file for it, and a page with three values."""
    made = make(tmp_path / "project")
    (made.root / "collectors").unlink()
    made.capture(CapturedFile("rate.txt", b"done\n812.5 handshakes/s\n"))
    made.page("labs/lab12/facts.yml", FACTS.replace("handshakes total", "handshakes"))
    made.page("labs/lab12/task-1.md", TASK)
    write(made, EXAMPLE)
    return made


def write(little: Little, text: str) -> None:
    """Write the lab's converters."""
    path = little.root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def read_by(body: str) -> str:
    """Return the manual's example with another function body."""
    return EXAMPLE.replace("    return read_line(text, label, RATE)\n", body)


def problems(stderr: str) -> list[str]:
    """Return the problems that end a build's log."""
    return [line.strip() for line in stderr.partition("The report has ")[2].splitlines()[1:]]


def test_the_manual_s_example_is_a_converter(little: Little) -> None:
    """The manual's example reads its sample, and a facts.yml can name it."""
    converters = lab_converters(little.root, "lab12", run_code=True)
    assert {*converters} == {*CONVERTERS, "handshakes"}
    assert str(convert("handshakes", "done\n812.5 handshakes/s\n", converters)) == "812.5 1/s"
    assert (
        load_facts(little.root / "docs/labs/lab12/facts.yml", converters).facts["rate"].read == "handshakes"
    )
    assert sample_errors(little.root, "lab12") == []
    with pytest.raises(NotThere, match="no rate in done"):
        convert("handshakes", "done\n", converters)


def test_a_lab_without_converters_has_those_of_the_tool(little: Little) -> None:
    """No file is no error."""
    assert lab_converters(little.root, "lab11", run_code=True) is CONVERTERS
    assert sample_errors(little.root, "lab11") == []


def test_no_code_runs_unless_it_is_asked_for(little: Little, capfd: pytest.CaptureFixture[str]) -> None:
    """Loading facts runs no code, and neither do converters without `run_code`."""
    write(little, "print('it ran')\n" + EXAMPLE)
    assert lab_converters(little.root, "lab12", run_code=False) is CONVERTERS
    with pytest.raises(YamlError, match="there is no converter 'handshakes'"):
        load_facts(little.root / "docs/labs/lab12/facts.yml")
    assert capfd.readouterr().out == ""
    lab_converters(little.root, "lab12", run_code=True)
    assert capfd.readouterr().out == "it ran\n"


def test_verify_and_adopt_do_not_know_of_it(little: Little) -> None:
    """`lab verify` does not run the file, and does not import the module that could."""
    write(little, "raise SystemExit('it ran')\n")
    code = (
        "import sys\nfrom labreport.cli.main import lab\n"
        "lab(['verify'], standalone_mode=False)\n"
        "assert not [one for one in sys.modules if one.startswith('labreport.report.facts')]\n"
    )
    argv = [sys.executable, "-c", code]
    ended = subprocess.run(argv, cwd=little.root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "it ran" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_error_with_its_line(little: Little, name: str) -> None:
    """The error has the file from the project's root, the line, what is wrong, and a remedy."""
    text, line, words = WRONG[name]
    write(little, text)
    with pytest.raises(ConverterError) as caught:
        lab_converters(little.root, "lab12", run_code=True)
    error = caught.value
    assert (error.path, error.line) == (FILE, line)
    assert error.what.startswith(words) or words in error.what
    assert error.remedy
    assert str(little.root) not in str(error)


@pytest.mark.parametrize("name", FAILING)
def test_a_converter_that_fails_is_an_error_with_its_line(little: Little, name: str) -> None:
    """An exception names its line. A result of a wrong type names the function."""
    body, line, words = FAILING[name]
    write(little, read_by(body))
    converters = lab_converters(little.root, "lab12", run_code=True)
    with pytest.raises(ConverterError, match=re.escape(words)) as caught:
        convert("handshakes", "x", converters)
    assert (caught.value.path, caught.value.line) == (FILE, line)


def test_a_build_shows_its_values(little: Little) -> None:
    """A page shows the value like that of any converter."""
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert "812.5\u00a01/s" in (little.site / "labs/lab12/task-1.html").read_text()


@pytest.mark.slow
def test_a_broken_file_is_one_problem_of_a_build(little: Little) -> None:
    """It is one problem however many calls need the file. So is a broken facts.yml."""
    write(little, "x = 1 / 0\n")
    built = little.build("--quiet")
    assert built.returncode == 1
    listed = built.stderr.partition("The report has ")[2]
    assert listed.startswith(
        f"1 problem:\n  {FILE}:1: ZeroDivisionError: division by zero: fix the converter\n"
    )
    assert "Traceback" not in built.stderr
    write(little, EXAMPLE)
    little.page("labs/lab12/facts.yml", f"{FACTS}more: {{file: x.txt, read: handshake}}\n")
    listed = little.build("--quiet").stderr.partition("The report has ")[2]
    assert listed.startswith(
        "1 problem:\n  docs/labs/lab12/facts.yml:3: more.read: there is no converter 'hand"
    )


def test_a_failing_converter_is_one_problem_of_a_build(little: Little) -> None:
    """It is one problem however many facts use it. Values of other converters are shown."""
    write(little, read_by("    raise KeyError(text)\n"))
    little.page("labs/lab12/facts.yml", f"{FACTS}lines: {{file: rate.txt, read: quantity, lines: '2'}}\n")
    built = little.build("--quiet")
    assert built.returncode == 1
    (problem,) = problems(built.stderr)
    assert problem.startswith(f"{FILE}:{BODY}: KeyError: 'done")
    assert "Traceback" not in built.stderr


def test_samples_are_run(little: Little) -> None:
    """A failing doctest, and a converter without one, are errors at the function."""
    write(little, EXAMPLE.replace("'812.5 1/s'", "'813 1/s'"))
    (error,) = sample_errors(little.root, "lab12")
    assert (error.path, error.line) == (FILE, FUNCTION)
    assert error.what.startswith("the sample of handshakes fails: str(handshakes(")
    assert "Expected: '813 1/s' Got: '812.5 1/s'" in error.what
    write(little, EXAMPLE.replace(">>> ", ""))
    (error,) = sample_errors(little.root, "lab12")
    assert error.what == "handshakes has no sample"


def test_the_samples_of_our_labs() -> None:
    """The doctests of this repository's labs pass."""
    labs = [path.parent.name for path in REPO.glob(f"collectors/*/{Path(FILE).name}")]
    assert [error for lab in labs for error in sample_errors(REPO, lab)] == []
