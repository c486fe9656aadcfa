"""Feed random hostile files to the tool: scripts/campaign fuzz [--seed N] [--count N] [TARGET...].

Each target makes a kind of file that a stranger may write: tar archives, records, staging folders, YAML
files, names of evidence. Whatever they have in them, the tool may only raise errors that it explains
(LabError), within five seconds, and a tree of files beside the project stays as it is and is not read.
"""

import argparse
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from labreport.capture import staging, store
from labreport.capture.adopt import adopt, take, unpack
from labreport.capture.labs import read_config
from labreport.check.rubric import read_rubric
from labreport.check.waivers import read_waivers
from labreport.contract.errors import LabError
from labreport.contract.reader import read_record
from labreport.contract.unfinished import STAGING
from labreport.contract.verify import verify
from labreport.report.facts.facts import load_facts
from labreport.report.pages.source import read_page
from labreport.report.source.evidence import Evidence
from tests.capture.throwaway import PAIR, Throwaway, throwaway

SECRET = b"not for others"
SECONDS = timedelta(seconds=5)


class Ground:
    """A project with one set, and a tree beside it that stands for the machine."""

    def __init__(self, folder: Path, project: Throwaway) -> None:
        self.project = project
        self.machine = folder / "machine"
        self.kept = folder / "kept" / project.name
        self.scratch = folder / "scratch"
        for name in ("keep.txt", "x", "records/state.json", "files/a.txt", "probe/record.json"):
            (self.machine / name).parent.mkdir(parents=True, exist_ok=True)
            (self.machine / name).write_bytes(SECRET)
        project.module(PAIR.format(first=""))
        project.collect()
        shutil.copytree(project.folder, self.kept)
        self.before = self.content(self.machine)

    @staticmethod
    def content(folder: Path) -> dict[str, bytes]:
        """Return everything below a folder; a link or a device by its kind."""
        return {
            str(path.relative_to(folder)): path.read_bytes()
            if path.is_file() and not path.is_symlink()
            else b"%o" % path.lstat().st_mode
            for path in sorted(folder.rglob("*"))
        }

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Let only explained errors pass in the body; afterwards the machine has to be as it was."""
        with suppress(LabError):
            yield
        assert self.content(self.machine) == self.before
        for path in self.project.root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert SECRET not in path.read_bytes(), path

    def restore(self) -> None:
        """Put the set back as it was captured."""
        for folder in (self.project.root / "evidence", self.scratch):
            shutil.rmtree(folder, ignore_errors=True)
        self.scratch.mkdir()
        shutil.copytree(self.kept, self.project.folder)

    def places(self) -> st.SearchStrategy[str]:
        """Return names of files: those of the set, plain ones, and hostile ones."""
        own = [path.relative_to(self.kept).as_posix() for path in self.kept.rglob("*") if path.is_file()]
        hostile = [
            "..", "../x", "a/../../x", "/etc/passwd", f"{self.machine}/x", f"../../../{self.machine}/x", ".x",
            ".staging/probe/record.json", f"{STAGING}{'0' * 32}/probe/record.json", "records", "records/",
            "records/..", "records/host-../x.json", "records/.x.json", "failed/x/why.txt", "hosts/x/y",
            "a\0b", "a\nb", "\x1b[31m", "a\\b", "\udc80", "\xe9", "e\u0301", "CON", "a" * 300,
            "a/" * 60 + "b", "", ".", " ",
        ]  # fmt: skip
        return st.one_of(st.sampled_from(own), st.sampled_from(hostile), st.text(max_size=12))


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20),
        st.sampled_from(["../../x", "a" * 5000, "(a+)+$", "(", "0001-01-01T00:00:00+23:59", "9" * 5000,
                         "2026-01-01T00:00:00Z", "host-../../x", "\x1b]0;x\x07", "*", "&a"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """Draw a document like this one, with one value in it replaced, removed or added."""
    if isinstance(document, dict) and document and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(document)))
        return {**document, key: draw(changed(document[key]))}
    if isinstance(document, list) and document and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(document) - 1))
        return [*document[:place], draw(changed(document[place])), *document[place + 1 :]]
    if isinstance(document, dict) and draw(st.booleans()):
        without = dict(document)
        without.pop(draw(st.sampled_from(sorted(document) or ["x"])), None)
        return {**without, draw(st.text(max_size=8)): draw(VALUES)}
    return draw(VALUES)


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Draw data like this: cut, with bytes changed, or with a part twice."""
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.integers(0, 600))
        match draw(st.integers(0, 3)):
            case 0:
                data = data[:place]
            case 1:
                data = data[:place] + draw(st.binary(max_size=8)) + data[place + 1 :]
            case 2:
                data = data[:place] + data[place + length :]
            case _:
                data = data[: place + length] + data[place:]
    return data


def tars(ground: Ground) -> Callable[[], None]:
    """Return a test that adopts random archives."""
    kinds = [tarfile.REGTYPE, tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE,
             tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE, b"Z"]  # fmt: skip
    files = {path.relative_to(ground.kept).as_posix(): path.read_bytes()
             for path in ground.kept.rglob("*") if path.is_file()}  # fmt: skip

    @given(st.data())
    def test(data: st.DataObject) -> None:
        ground.restore()
        stream = io.BytesIO()
        left_out = data.draw(st.sets(st.sampled_from(sorted(files)), max_size=2))
        with tarfile.open(fileobj=stream, mode="w", format=data.draw(st.sampled_from([0, 1, 2]))) as tar:
            for name in sorted(files.keys() - left_out):
                _add(tar, f"{ground.project.name}/{name}", tarfile.REGTYPE, files[name], "")
            for _ in range(data.draw(st.integers(0, 3))):
                name = data.draw(st.sampled_from([f"{ground.project.name}/", "./", "", "other/", "../"]))
                name += data.draw(ground.places())
                link = data.draw(st.sampled_from(["x", str(ground.machine), "../../machine/x"]))
                content = data.draw(st.binary(max_size=40))
                with suppress(ValueError, UnicodeError):  # a name that this format cannot hold
                    _add(tar, name, data.draw(st.sampled_from(kinds)), content, link)
        packed = stream.getvalue()
        if data.draw(st.booleans()):
            packed = data.draw(damaged(packed))
        with ground.watched():
            unpack(io.BytesIO(packed), ground.scratch)
            with store.locked(ground.project.folder):
                adopt(ground.project.folder, ground.scratch / ground.project.name)
        assert verify(ground.project.root / "evidence").verdict == "intact"

    return test


def _add(tar: tarfile.TarFile, name: str, kind: bytes, content: bytes, link: str) -> None:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = link if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    member.size = len(content) if kind in {tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE, b"Z"} else 0
    tar.addfile(member, io.BytesIO(content) if member.size else None)


def records(ground: Ground) -> Callable[[], None]:
    """Return a test that reads random records, hosts and states."""
    files = sorted(path.name for path in (ground.kept / "records").iterdir())

    @given(st.data())
    def test(data: st.DataObject) -> None:
        ground.restore()
        name = data.draw(st.sampled_from(files))
        path = ground.project.folder / "records" / name
        text = json.dumps(
            data.draw(changed(json.loads(path.read_text()))), ensure_ascii=data.draw(st.booleans())
        )
        content = text.encode(errors="surrogatepass")
        if data.draw(st.integers(0, 3)) == 0:
            content = data.draw(damaged(content))
        path.write_bytes(content)
        with ground.watched():
            verify(ground.project.root / "evidence")
            read_all(ground)

    return test


def read_all(ground: Ground) -> None:
    """Read the set as a build does."""
    evidence = Evidence(ground.project.root / "evidence", frozenset({ground.project.name}))
    for name in evidence.names():
        found = evidence.set(name)
        for part in (found.records, found.captured, found.state, found.hosts, found.measuring):
            str(part)
        for path in found.files():
            evidence.content(name, path)


def stagings(ground: Ground) -> Callable[[], None]:
    """Return a test that recovers and captures beside random staging folders."""
    tops = [".staging", f"{STAGING}{'0' * 32}", f"{STAGING}ours", "failed", "records", ".lock", "sub"]
    first = read_record(ground.kept, "first")
    inner = ["probe", "first", "files", "record.json", "removed.json", "why.txt", "a.txt", "x", ".x.part"]

    @given(st.data())
    def test(data: st.DataObject) -> None:
        ground.restore()
        name = staging.begin(ground.project.folder).name
        for _ in range(data.draw(st.integers(1, 5))):
            parts = [data.draw(st.sampled_from(tops)).replace(f"{STAGING}ours", name)]
            parts += data.draw(st.lists(st.sampled_from(inner), max_size=3))
            _plant(data, ground, ground.project.folder.joinpath(*parts))
        with ground.watched():
            verify(ground.project.root / "evidence")
        with ground.watched():
            store.recover(ground.project.folder)
        with ground.watched():
            take(ground.project.folder, ground.kept, first)
        with ground.watched():
            verify(ground.project.root / "evidence")

    return test


def _plant(data: st.DataObject, ground: Ground, place: Path) -> None:
    """Put a file, a folder, a link or a FIFO at a place, unless something is in the way."""
    record = ground.kept / "records/first.json"
    if os.path.lexists(place) or os.path.realpath(place) != str(place):
        return
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        match data.draw(st.integers(0, 4)):
            case 0:
                place.write_bytes(data.draw(damaged(record.read_bytes())))
            case 1:
                place.mkdir(mode=data.draw(st.sampled_from([0o700, 0o755, 0o777])))
            case 2:
                targets = [str(ground.machine), f"{ground.machine}/x", "/dev/zero", "..", ".", place.name]
                place.symlink_to(data.draw(st.sampled_from(targets)))
            case 3:
                os.mkfifo(place)
            case _:
                place.write_bytes(record.read_bytes())


YAML = {
    "facts.yml": "a:\n  file: a.txt\n  read: count\n  unit: s\n",
    "rubric.yml": "2025:\n  t1:\n    title: One\n    answered: task-1.md\n",
    "waivers.yml": "number-01234567:\n  reason: because\n  until: 2027-01-01\n",
    "lab.yml": "title: x\nimages: {}\neditions:\n  2025: {title: One, source: x, tasks: {}}\nsettings: {}\n",
    "page.md": "---\ntitle: x\nexpected: [a.txt]\n---\n# A page\n\n{{ evidence('a.txt') }}\n",
}
PIECES = [
    "&a [*a]", "&a {x: *a}", "[" * 3000, "{a: " * 2000, "!!python/object/apply:os.system ['x']", "<<: *a",
    "? ", "2026-13-45", "0001-01-01", "1e999", ".inf", ".nan", "0x" + "f" * 3000, "9" * 6000, "!!binary x",
    "!!int x", "\x00", "\ufeff", "\x85", "\u2028", "\t", "- ", ": ", "#", "|", "'", '"', "---", "...",
    "%YAML 9.9", "{#", "{{", "{% raw %}", "{{ 7*7 }}", "a: 1\na: 2\n", "*x", "1:30:45", "yes", "~", "=",
    "../../../etc/passwd",
]  # fmt: skip


def yamls(ground: Ground) -> Callable[[], None]:
    """Return a test that loads random YAML files and pages."""
    docs = ground.project.root / "docs"
    folder = docs / "labs" / ground.project.name
    folder.mkdir(parents=True)
    readers: dict[str, Callable[[Path], object]] = {
        "facts.yml": load_facts,
        "rubric.yml": lambda _path: read_rubric(docs, ground.project.name),
        "waivers.yml": lambda _path: read_waivers(docs, ground.project.name),
        "lab.yml": lambda path: read_config(path, ground.project.root),
        "page.md": lambda path: read_page("page.md", path.read_bytes()),
    }

    @given(st.data())
    def test(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(YAML)))
        text = YAML[name]
        for _ in range(data.draw(st.integers(0, 4))):
            place = data.draw(st.integers(0, len(text)))
            piece = data.draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)))
            text = text[:place] + piece + text[place + data.draw(st.integers(0, 4)) :]
        content = text.encode(errors="surrogatepass")
        if data.draw(st.integers(0, 4)) == 0:
            content = data.draw(damaged(content))
        path = folder / name
        path.write_bytes(content)
        with ground.watched():
            readers[name](path)

    return test


def names(ground: Ground) -> Callable[[], None]:
    """Return a test that cites random paths."""
    ground.restore()
    (ground.project.folder / "out").symlink_to(ground.machine)
    (ground.project.root / "evidence/hosts").symlink_to(ground.machine)

    @given(st.data())
    def test(data: st.DataObject) -> None:
        pieces = st.one_of(
            ground.places(), st.sampled_from(["out/x", "hosts/files/a.txt", "out", ground.project.name])
        )
        path = "/".join(data.draw(st.lists(pieces, min_size=1, max_size=3)))
        evidence = Evidence(ground.project.root / "evidence", frozenset({ground.project.name}))
        with ground.watched():
            found, file = evidence.locate(path, data.draw(st.sampled_from(["", ground.project.name])))
            evidence.holds(found.name, file)
            assert SECRET not in evidence.content(found.name, file).data

    return test


TARGETS = {"tars": tars, "records": records, "stagings": stagings, "yamls": yamls, "names": names}


def run(target: str, seed: int, count: int) -> None:
    """Run one target; raise what hypothesis raises for a case that fails."""
    with tempfile.TemporaryDirectory(prefix="lab-campaign-") as place:
        folder = Path(place).resolve()
        with throwaway(folder / "project") as project:
            test = TARGETS[target](Ground(folder, project))
            chosen = settings(
                max_examples=count,
                deadline=SECONDS,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            hypothesis.seed(seed)(chosen(test))()


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    given_words = parser.parse_args()
    for target in given_words.targets or TARGETS:
        run(target, given_words.seed, given_words.count)
        click.echo(f"{target}: {given_words.count} cases, and nothing outside was touched")


if __name__ == "__main__":
    main()
