"""A collector that tries to break out of a container runs only if that is allowed."""

from labreport.capture.collect import collect
from labreport.capture.plan import CollectorStatus
from labreport.capture.session import Allowed
from labreport.contract.records import Status
from tests.capture.throwaway import Throwaway

ESCAPE = '''
@collector(writes=["calm.txt"])
def calm(run: Run) -> None:
    """Calm."""
    with run.file("calm.txt") as out:
        out.line("calm")


@collector(writes=["wild.txt"], role="escape")
def wild(run: Run) -> None:
    """Wild."""
    with run.file("wild.txt") as out:
        out.line("wild")


@collector(writes=["wilder.txt"], after=[wild])
def wilder(run: Run) -> None:
    """Wilder."""
    with run.file("wilder.txt") as out:
        out.line("wilder")
'''


def allowed(project: Throwaway, *wanted: str) -> dict[str, CollectorStatus]:
    """Collect with escapes allowed."""
    found = collect(project.target(), wanted, project.watch, allowed=Allowed(escapes=True))
    return {one.collector.name: one for one in found}


def test_nobody_allowed_it(project: Throwaway) -> None:
    """It does not run even if it is named. state.json has the reason and the remedy; the rest is captured."""
    project.module(ESCAPE)
    for found in (project.collect(), project.collect("wild")):
        assert found["wild"].status is Status.MISSING
        assert "nobody allowed" in found["wild"].reason
        assert "--allow-escape-tests" in found["wild"].remedy
    assert not (project.folder / "wild.txt").exists()
    assert project.collect()["calm"].status is Status.CAPTURED
    rows = {row.name: row for row in project.state().collectors}
    assert (rows["wild"].role, rows["wild"].state) == ("escape", Status.MISSING)
    assert "box" in rows["wild"].remedy
    assert "comes after wild" in rows["wilder"].reason


def test_allowed(project: Throwaway) -> None:
    """It is captured, and its record has its role. A later collect without permission keeps the evidence."""
    project.module(ESCAPE)
    assert allowed(project)["wild"].status is Status.CAPTURED
    assert project.record("wild").role == "escape"
    project.module(ESCAPE.replace('"wild")', '"wild again")'))
    found = project.collect()
    assert found["wild"].status is Status.MISSING
    assert project.read("wild.txt") == b"wild\n"
    assert {row.name: row.state for row in project.state().collectors}["wild"] is Status.STALE
    assert allowed(project)["wild"].status is Status.CAPTURED
    assert project.read("wild.txt") == b"wild again\n"
