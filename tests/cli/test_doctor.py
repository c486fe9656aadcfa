"""`lab doctor`: what the host has of what a lab needs, and what it is fit for."""

import pytest

from labreport.box import image
from labreport.capture.packages import DEBIAN, package_manager
from tests.cli.conftest import Shell

NEEDY = '''from labreport.capture.checks import Check, Fit
from labreport.capture.declare import Lack


def host():
    yield Check("water", Fit.NO, "salt", "drink less", required={required})
    yield Check("air", Fit.NOT_TRIED, "nobody breathes")
    yield Check("light", Fit.YES, "on [bold]\\x1b[31m")
    yield Check("night", Fit.NO, "it is day", "wait for the night", required=False)


def missing(lab):
    return Lack("it is day", "wait for the night", ("dpkg", "moon"))


MOON = Need("moon", missing, "", checks=host)
STAR = Need("star", lambda lab: "it is day", "wait for the night", ("star",))
HERE = Need("here", lambda lab: "", "", ("dpkg", "never-asked-for"), checks=host)


@collector(task=1, writes=["x/needy.txt"], needs=[{needs}])
def needy(run):
    """What may not run here."""
    run.file("x/needy.txt")
'''


def with_needs(shell: Shell, needs: str, *, required: bool = False) -> Shell:
    """Add a collector with these needs."""
    shell.collector("mine", NEEDY.format(needs=needs, required=required))
    return shell


def test_a_reason_is_given_once(one_lab: Shell) -> None:
    """Needs with the same reason are one line, with one remedy. What is known is not repeated by a check."""
    ended = with_needs(one_lab, "MOON, STAR, HERE").lab("doctor")
    assert ended.returncode == 1
    lines = [line.rstrip() for line in ended.stdout.splitlines()]
    assert lines[lines.index("mine: 1 of 3 needs are met") :] == [
        "mine: 1 of 3 needs are met",
        "  moon, star (1 collector): it is day",
        "    → wait for the night",
        "this host  fit        detail",
        "water      no         salt",
        "air        not tried  nobody breathes",
        "light      yes        on [bold]\\x1b[31m",
        "night      no         see above",
        "  → water: drink less",
    ]


@pytest.mark.parametrize(("required", "status"), [(True, 1), (False, 0)])
def test_a_host_that_is_not_fit_is_a_finding(one_lab: Shell, required: bool, status: int) -> None:  # noqa: FBT001
    """All needs are met. What containers run without is no finding, and neither is what was not tried."""
    ended = with_needs(one_lab, "HERE", required=required).lab("doctor")
    assert ended.returncode == status
    assert "mine: 1 of 1 needs are met" in ended.stdout


def test_json_has_everything(one_lab: Shell) -> None:
    """Reasons, remedies, packages and checks, each in full."""
    report = with_needs(one_lab, "MOON, HERE").json("doctor")
    needs = {row["need"]: row for row in report["needs"]}
    assert needs["moon"] == {
        "lab": "mine", "need": "moon", "there": False, "reason": "it is day", "remedy": "wait for the night",
        "packages": ["dpkg", "moon"], "collectors": 1,
    }  # fmt: skip
    assert needs["here"]["there"] is True
    assert report["checks"][0] == {
        "name": "water", "fit": "no", "detail": "salt", "remedy": "drink less", "required": False,
    }  # fmt: skip
    assert [check["fit"] for check in report["checks"]] == ["no", "not tried", "yes", "no"]
    assert report["host"]["host_class"] in {"bare metal", "virtual", "nested", "emulated"}


def test_packages_are_those_that_are_not_installed(one_lab: Shell) -> None:
    """A package that is there is not asked for, and neither is one of a need that is met."""
    if package_manager() != DEBIAN:
        pytest.skip("not a system with dpkg")
    ended = with_needs(one_lab, "MOON, STAR, HERE").lab("doctor", "--packages")
    assert (ended.returncode, ended.stdout) == (0, "moon\nstar\n")


def test_packages_of_the_box(one_lab: Shell) -> None:
    """They are asked for by Debian's names here; those of other systems are in packages.py."""
    if package_manager() != DEBIAN:
        pytest.skip("not a system with dpkg")
    without = with_needs(one_lab, "HERE").lab("doctor", "--packages").stdout
    ended = one_lab.lab("doctor", "--packages", "--box")
    assert ended.returncode == 0
    assert set(ended.stdout.splitlines()) - set(without.splitlines()) <= set(image.PROGRAMS.values())
    alone = one_lab.lab("doctor", "--box")
    assert (alone.returncode, "--box goes with --packages" in alone.stderr) == (2, True)


def test_it_fits_the_terminal(one_lab: Shell) -> None:
    """No line is wider than the terminal, and a pipe gets no colours."""
    ended = with_needs(one_lab, "MOON").lab("doctor", COLUMNS="44")
    assert max(map(len, ended.stdout.splitlines())) <= 44
    assert "\x1b" not in ended.stdout
