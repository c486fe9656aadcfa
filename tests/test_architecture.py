"""The import contracts in pyproject.toml hold for modules that nobody has listed there."""

import re
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GOOD = {
    "collectors/lab98/captures.py": "from labreport.capture import Run\n",
    "collectors/lab98/steps.py": "from labreport.containers import container\n",
    "collectors/lab98/converters.py": "from labreport.report.values import Quantity\n",
}
BAD = {
    "collectors/lab99/other_lab.py": "from collectors.lab98 import steps\n",
    "collectors/lab99/reads.py": "from labreport.report.values import Quantity\n",
    "collectors/lab99/starts.py": "import sh\n",
    "collectors/lab99/runs.py": "import subprocess\n",
    "collectors/lab99/builds.py": "import mkdocs\n",
    "labreport/report/knows_a_lab.py": "from collectors.lab98 import steps\n",
    "labreport/report/captures.py": "from labreport.capture import Run\n",
    "labreport/report/source/cycle_1.py": "from labreport.report.charts import cycle_2\n",
    "labreport/report/charts/cycle_2.py": "from labreport.report.source import cycle_1\n",
    "labreport/contract/upwards.py": "import labreport.cli.show\n",
}
NAMED = {
    "the tool's imports run one way": ["labreport.contract.upwards -> labreport.cli.show"],
    "no cycles": ["labreport.report"],
    "what reads evidence does not capture it": ["labreport.report.captures -> labreport.capture"],
    "the tool imports no lab": ["labreport.report.knows_a_lab -> collectors.lab98.steps"],
    "a lab imports no other lab": ["collectors.lab99.other_lab -> collectors.lab98.steps"],
    "a lab uses capture and containers": ["collectors.lab99.reads -> labreport.report.values"],
    "processes are started in one place": [
        "collectors.lab99.starts -> sh",
        "collectors.lab99.runs -> subprocess",
    ],
    "only site/ imports mkdocs": ["collectors.lab99.builds -> mkdocs"],
}


MOST_LINES = 300


def test_no_file_of_the_product_is_too_long_to_read_at_once() -> None:
    """One that grows beyond 300 lines is two things."""
    files = [path for folder in ("labreport", "collectors") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    long = [
        path.relative_to(ROOT).as_posix() for path in files if len(path.read_text().splitlines()) > MOST_LINES
    ]
    assert long == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the tool and its labs, with a second lab, under the project's own contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in ("collectors", "labreport"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    write(tmp_path, GOOD)
    return tmp_path


def write(project: Path, modules: dict[str, str]) -> None:
    """Write modules, each in a package."""
    for path, text in modules.items():
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).parent.joinpath("__init__.py").touch()
        (project / path).write_text(f'"""A module."""\n\n{text}')


def lint(project: Path) -> tuple[int, str]:
    """Return the exit status and the output of lint-imports."""
    argv: list[str | Path] = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    ended = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_second_lab_needs_no_contract_of_its_own(project: Path) -> None:
    """A lab may use capture and containers; its converters may use the report."""
    assert lint(project)[0] == 0


def test_a_bad_import_is_named(project: Path) -> None:
    """Whether a new lab or a new module of the tool has it."""
    write(project, BAD)
    status, output = lint(project)
    assert status == 1
    broken = {line.partition(" BROKEN")[0] for line in output.splitlines() if " BROKEN" in line}
    assert broken == NAMED.keys()
    report = output.partition("Broken contracts")[2]
    for contract, imports in NAMED.items():
        section = report.partition(f"\n{contract}\n")[2].lstrip("-").partition("\n-----")[0]
        for text in imports:
            assert text in section, section


def test_a_new_package_of_the_tool_needs_a_layer(project: Path) -> None:
    """It is in the contract of the layers, or an error."""
    write(project, {"labreport/extra/module.py": ""})
    status, output = lint(project)
    assert status == 1
    assert "labreport.extra" in output


def test_the_page_names_the_command_that_draws_the_graph() -> None:
    """It prints the imports between the packages of the tool, which have an order."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    assert ".venv/bin/import-linter drawgraph labreport\n" in page
    argv: list[str | Path] = [Path(sys.executable).with_name("import-linter"), "drawgraph", "labreport"]
    graph = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    imports: dict[str, set[str]] = {}
    for importer, imported in re.findall(r'"\.(\w+)" ->  "\.(\w+)"', graph):
        imports.setdefault(importer, set()).add(imported)
    assert imports["report"] == {"contract"}
    first, *_others = TopologicalSorter(imports).static_order()
    assert first == "contract"
