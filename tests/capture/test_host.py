"""The properties of this machine in a record, and what it has of a need."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from labreport.capture.declare import DeclarationError
from labreport.capture.host import ROOT, host_class, on_path, this_host, versions
from labreport.capture.packages import install_command
from labreport.contract.lab_config import Lab
from labreport.contract.records import Host, HostClass

CASES = yaml.safe_load((Path(__file__).parent / "cases/host_class.yml").read_text())
CPUINFO = "processor\t: 0\nmodel name\t: {model}\nflags\t\t: {flags}\n\nprocessor\t: 1\n"
LAB = Lab(title="x", editions={})


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['expected']}-{case['detected'] or 'not asked'}"
)
def test_the_class_that_the_signs_speak_for(case: dict[str, Any]) -> None:
    """The class is right with systemd-detect-virt and without it."""
    cpuinfo = CPUINFO.format(model=case.get("model", "AMD EPYC 7763"), flags=case["flags"])
    found = host_class(cpuinfo, case["detected"], case.get("clocks", ""), case.get("vendor", ""))
    assert found is HostClass(case["expected"])


def machine(**given: Any) -> Host:
    """Return a host with some fields changed."""
    fields = {
        "kernel": "6.12.0", "distribution": "Debian GNU/Linux 13", "architecture": "x86_64",
        "cpu": "AMD EPYC", "cores": 2, "memory_mib": 4096,
        "host_class": HostClass.VIRTUAL, "container": False,
    }  # fmt: skip
    return Host(**{**fields, **given})


NOMINAL = [2**n for n in range(9, 20)] + [3 * 2**n for n in range(9, 18)]


@given(size=st.sampled_from(NOMINAL), kept=st.floats(0.003, 0.06), also=st.floats(0.003, 0.06))
def test_a_rebuilt_machine_is_the_same_host(size: int, kept: float, also: float) -> None:
    """The memory that a kernel reserves varies, and does not change the id."""
    one, other = (machine(memory_mib=int(size * (1 - share))) for share in (kept, also))
    assert one.id == other.id


@pytest.mark.parametrize(
    "other",
    [{"kernel": "6.12.1"}, {"cpu": "Intel"}, {"cores": 4}, {"memory_mib": 8192}, {"memory_mib": 6144},
     {"host_class": HostClass.NESTED}, {"container": True}, {"distribution": "Debian GNU/Linux 12"}],
)  # fmt: skip
def test_another_machine_is_another_host(other: dict[str, Any]) -> None:
    """A change of any field changes the id."""
    assert machine(**other).id != machine().id


def test_this_host_is_the_same_twice_and_names_nobody() -> None:
    """The host is equal each time, and has no field with a name, an address or a serial number."""
    first = this_host()
    this_host.cache_clear()
    assert this_host() == first
    assert set(first.model_dump()) == {
        "schema_", "kernel", "distribution", "architecture", "cpu", "cores", "memory_mib",
        "host_class", "container",
    }  # fmt: skip


def test_a_program_that_is_not_on_path() -> None:
    """The need names the missing program and the package that provides it."""
    need = on_path("sh", "no-such-program", packages=("a-package",))
    assert need.reason(LAB) == "not on PATH: no-such-program"
    lack = need.lacks(LAB)
    assert lack
    assert lack.remedy == install_command(["a-package"])
    assert lack.packages == ("a-package",)
    assert on_path("sh", packages=()).reason(LAB) == ""


def test_packages_have_the_names_of_the_programs_unless_they_are_named() -> None:
    """A need is one word where program and package have the same name."""
    assert on_path("no-such-program").packages == ("no-such-program",)
    assert on_path("sh", packages=["dash"]).packages == ("dash",)


@pytest.mark.parametrize(
    ("programs", "packages"), [((), None), ((["zstd"],), None), (("zstd",), "zstd"), ((None,), None)]
)
def test_what_is_no_name_of_a_program(programs: tuple[Any, ...], packages: Any) -> None:
    """The error shows the right form."""
    with pytest.raises(DeclarationError, match=r'write on_path\("zstd"\)'):
        on_path(*programs, packages=packages)


def program(folder: Path, text: str) -> str:
    """Write a program that runs `text` as shell, and return its path."""
    path = folder / "tool"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("echo tool 1.2; echo more", "tool 1.2"),
        ("echo tool/1.22 >&2", "tool/1.22"),
        ("echo tool 4.1 [epoll]; exit 1", "tool 4.1 [epoll]"),
        ("echo 'invalid option: --version' >&2; exit 1", ""),
        ("exit 0", ""),
    ],
)
def test_the_version_of_a_needed_program_is_recorded(tmp_path: Path, text: str, version: str) -> None:
    """Printed as an output or as an error, with any exit status. A complaint about the option is none."""
    tool = program(tmp_path, text)
    assert versions((on_path(tool),), system=False) == ({tool: version} if version else {})


def test_the_argument_that_prints_a_version(tmp_path: Path) -> None:
    """It can be named: openssl has no --version."""
    tool = program(tmp_path, 'test "$1" = version && echo 3.0')
    assert versions((on_path(tool, version="version"),), system=False) == {tool: "3.0"}


def test_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The need for root is missing for any other user."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert ROOT.reason(LAB) == "not root"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert ROOT.reason(LAB) == ""


def test_a_tool_that_says_nothing_has_no_version() -> None:
    """A program that is missing or fails has no version."""
    tools = (("sh", "-c", "echo one; echo two"), ("no-such-program", "-v"), ("false",))
    need = on_path("sh", packages=())
    assert versions((type(need)(need.name, need.missing, need.remedy, (), tools),), system=False) == {
        "sh": "one"
    }
