"""What makes evidence stale, and what does not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labreport.capture import writing
from labreport.capture.source_hash import HASH_RULE
from labreport.contract.records import Image, Status, dump
from tests.capture.throwaway import CONFIG, Throwaway

SOURCE = '''
from collectors.{lab} import helper, unused

WORD = "w"


def shared(out) -> None:
    out.line(WORD)


@collector(writes=["a.txt"])
def a(run: Run) -> None:
    """A."""
    run.setting("nested.word", str)
    run.setting("nested", dict)
    with run.file("a.txt") as out:
        shared(out)
        out.line(helper.text())


@collector(writes=["b.txt"])
def b(run: Run) -> None:
    """B."""
    with run.file("b.txt") as out:
        out.line("\\f page")
'''


@pytest.fixture
def captured(project: Throwaway) -> Throwaway:
    """Return a project with two captured collectors and modules that they import."""
    project.module("def text() -> str:\n    return 'h'\n", "helper")
    project.module("X = 1\n", "unused")
    project.module("from collectors.LAB import deep\n".replace("LAB", project.name) + "Y = deep.Z\n", "other")
    project.module("Z = 1\n", "deep")
    project.module(SOURCE.format(lab=project.name))
    project.collect()
    assert reasons(project) == {"a": "", "b": ""}
    return project


def reasons(project: Throwaway) -> dict[str, str]:
    """Return why each collector is stale, by name; an empty text if it is not."""
    found = {one.collector.name: one for one in project.target().statuses()}
    assert all((one.status is Status.STALE) == bool(one.reason) for one in found.values())
    return {name: one.reason for name, one in found.items()}


def change(project: Throwaway, old: str, new: str, stem: str = "steps") -> None:
    """Replace a string in a module of the lab."""
    path = project.lab / f"{stem}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_its_own_function(captured: Throwaway) -> None:
    """A change in a collector's body makes only this collector stale."""
    change(captured, "out.line(helper.text())", "out.line(helper.text() + '!')")
    assert reasons(captured) == {"a": "the collector changed", "b": ""}


@pytest.mark.parametrize(
    ("old", "new"), [("out.line(WORD)", "out.line(WORD * 2)"), ('WORD = "w"', 'WORD = "v"')]
)
def test_what_its_module_shares(captured: Throwaway, old: str, new: str) -> None:
    """A change of a function or a constant in the module makes all its collectors stale."""
    change(captured, old, new)
    assert reasons(captured) == {"a": "the collector changed", "b": "the collector changed"}


def test_another_collector_of_its_module(captured: Throwaway) -> None:
    """A change in another collector, even of a form feed in a string, makes only that one stale."""
    change(captured, "\\f page", "\\x0c other")
    assert reasons(captured) == {"a": "", "b": "the collector changed"}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def shared(out) -> None:\n", 'def shared(out) -> None:\n    """Share."""  # a comment\n\n'),
        ('    """A."""\n', '    """A, said otherwise."""\n    import os\n'),
        ('"w"\n', '"w"  # a word\n"""The word."""\n'),
        ("(out)\n        out", "(out)\n\n        # and then\n        out"),
    ],
)
def test_comments_docstrings_and_imports(captured: Throwaway, old: str, new: str) -> None:
    """Comments, docstrings and imports make nothing stale, wherever they are."""
    change(captured, old, new)
    assert reasons(captured) == {"a": "", "b": ""}


def test_a_docstring_of_a_module_that_it_imports(captured: Throwaway) -> None:
    """The modules that a collector imports are hashed by the same rule."""
    change(captured, "def text() -> str:\n", 'def text() -> str:\n    """H."""  # h\n', "helper")
    assert reasons(captured) == {"a": "", "b": ""}


def with_rule(project: Throwaway, name: str, rule: int) -> None:
    """Give a record another hash rule. Rule 1 is not named, as in a record of version 0.1."""
    path = project.folder / "records" / f"{name}.json"
    record = json.loads(path.read_text())
    record["collector"] |= {
        "sha256": "0" * 64,
        "modules": {"collectors/gone.py": "0" * 64},
        "hash_rule": rule,
    }
    if rule == 1:
        del record["collector"]["hash_rule"]
    path.write_text(json.dumps(record))


@pytest.mark.parametrize(("rule", "version"), [(1, "version 0.1"), (3, "a newer version")])
def test_hashes_of_another_rule_are_not_compared(captured: Throwaway, rule: int, version: str) -> None:
    """A collector with such a record is captured, whatever its source is, and a collect keeps it."""
    with_rule(captured, "a", rule)
    change(captured, 'WORD = "w"', 'WORD = "v"')
    assert reasons(captured) == {"a": "", "b": "the collector changed"}
    found = {one.collector.name: one for one in captured.target().statuses()}
    assert (found["a"].status, found["a"].captured_by, found["b"].captured_by) == (
        Status.CAPTURED,
        version,
        "",
    )
    before = (captured.folder / "records/a.json").read_bytes()
    captured.collect()
    assert (captured.folder / "records/a.json").read_bytes() == before
    assert captured.verify().verdict == "intact"


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("change_it", "reason"),
    [
        (lambda project: project.config(CONFIG.replace("word: blue", "word: red")), "setting nested.word"),
        (lambda project: change(project, '(writes=["a.txt"]', '(edition=2025, task=1, writes=["a.txt"]'),
         "its edition or task changed"),
        (lambda project: change(project, '["a.txt"]', '["a.txt", "c.txt"]'), "c.txt is new"),
        (lambda project: (project.folder / "a.txt").write_bytes(b"x"), "a.txt sha256 is"),
    ],
)  # fmt: skip
def test_all_else_makes_it_stale(
    captured: Throwaway, change_it: Callable[[Throwaway], object], reason: str
) -> None:
    """Settings, edition, task, declared files and altered evidence count under any hash rule."""
    with_rule(captured, "a", 1)
    assert reasons(captured)["a"] == ""
    change_it(captured)
    assert reasons(captured)["a"].startswith(reason)


def test_the_record_names_the_rule(captured: Throwaway) -> None:
    """A new record has rule 2, and a record without a rule has rule 1."""
    assert captured.record("a").collector.hash_rule == HASH_RULE == 2
    with_rule(captured, "a", 1)
    assert captured.record("a").collector.hash_rule == 1


def test_a_comment_between_functions(captured: Throwaway) -> None:
    """A comment at the top level makes nothing stale."""
    change(captured, 'WORD = "w"', '# a word\nWORD = "w"')
    assert reasons(captured) == {"a": "", "b": ""}


def test_a_module_that_it_imports(captured: Throwaway) -> None:
    """A change in an imported module of the lab counts, whether the collector uses it or not."""
    change(captured, "'h'", "'i'", "helper")
    name = f"collectors/{captured.name}/helper.py changed"
    assert reasons(captured) == {"a": name, "b": name}


def test_a_module_that_it_does_not_import(captured: Throwaway) -> None:
    """A change in a module that is not imported makes nothing stale."""
    change(captured, "Z = 1", "Z = 2", "deep")
    assert reasons(captured) == {"a": "", "b": ""}


def test_a_module_that_it_imports_through_another(captured: Throwaway) -> None:
    """A change in a module that is imported through another one counts."""
    change(captured, "import helper, unused", "import helper, unused, other")
    captured.collect()
    change(captured, "Z = 1", "Z = 2", "deep")
    assert reasons(captured)["a"] == f"collectors/{captured.name}/deep.py changed"


def test_a_file_that_it_uses(captured: Throwaway) -> None:
    """Each byte of it counts, and only for the collectors that name it."""
    (captured.lab / "a.conf").write_text("# one\n")
    change(captured, '(writes=["a.txt"]', '(uses=["a.conf"], writes=["a.txt"]')
    captured.collect()
    assert reasons(captured) == {"a": "", "b": ""}
    (captured.lab / "a.conf").write_text("# two\n")
    assert reasons(captured) == {"a": f"collectors/{captured.name}/a.conf changed", "b": ""}


def test_a_setting_that_it_reads(captured: Throwaway) -> None:
    """The reason has the old and the new value; a setting that no collector read makes nothing stale."""
    captured.config(CONFIG.replace("answer: 42", "answer: 43"))
    assert reasons(captured) == {"a": "", "b": ""}
    captured.config(CONFIG.replace("word: blue", "word: red"))
    assert reasons(captured)["a"].startswith("setting nested.word was 'blue', is 'red'; setting nested was ")
    assert reasons(captured)["b"] == ""


def test_a_setting_that_is_gone(captured: Throwaway) -> None:
    """A removed setting counts as changed."""
    captured.config(CONFIG.replace("word: blue, ", ""))
    assert "setting nested.word was 'blue', is None" in reasons(captured)["a"]


def test_a_file_that_was_altered(captured: Throwaway) -> None:
    """An altered file is captured again."""
    (captured.folder / "a.txt").write_bytes(b"x")
    assert reasons(captured)["a"].startswith("a.txt sha256 is 2d711642b726…, its record says ")
    captured.collect()
    assert captured.verify().verdict == "intact"


def test_a_file_that_was_removed(captured: Throwaway) -> None:
    """A removed file is captured again."""
    (captured.folder / "a.txt").unlink()
    assert reasons(captured)["a"] == "a.txt no such file"


IMAGE = """
images:
  small: {{reference: "docker.io/library/small:{tag}", digest: "sha256:{digest}"}}
"""


def test_an_image_that_is_pinned_to_another_digest(captured: Throwaway) -> None:
    """Evidence is stale if lab.yml has another tag or digest for an image, or no longer has the image."""
    pinned = CONFIG.replace("images: {}", IMAGE.format(tag=1, digest="a" * 64).strip())
    captured.config(pinned)
    name, pinned = "docker.io/library/small:1", "sha256:" + "a" * 64
    used = Image(reference=name, pinned=pinned, digest="x", is_pinned=False, source="y")
    record = captured.record("a").model_copy(update={"images": {"small": used}})
    writing.write(captured.folder / "records/a.json", dump(record))
    assert reasons(captured)["a"] == ""
    for tag, digest in ((1, "b" * 64), (2, "a" * 64)):
        captured.config(CONFIG.replace("images: {}", IMAGE.format(tag=tag, digest=digest).strip()))
        assert reasons(captured)["a"] == "image small is pinned to another digest"
    captured.config(CONFIG)
    assert reasons(captured)["a"] == "image small is pinned to another digest"


def test_a_tools_version_counts_on_the_sets_own_host_only(
    project: Throwaway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of a tool counts only on the host that made the record."""
    tool = tmp_path / "my-tool"
    tool.write_text("#!/bin/sh\necho my-tool 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    need = 'Need("t", lambda lab: "", "", tools=(("my-tool", "--version"),))'
    project.probe('with run.file("x.txt") as out: out.line("x")', f'writes=["x.txt"], needs=[{need}]')
    assert project.record().tools == {"my-tool": "my-tool 1"}
    tool.write_text("#!/bin/sh\necho my-tool 2\n")
    assert reasons(project) == {"probe": "my-tool was 'my-tool 1', is 'my-tool 2'"}
    record = project.record().model_copy(update={"host": "0" * 12})
    writing.write(project.folder / "records/probe.json", dump(record))
    assert reasons(project) == {"probe": ""}


def test_a_file_that_is_declared_since(captured: Throwaway) -> None:
    """A new file in writes= is a separate reason."""
    change(captured, '["b.txt"]', '["b.txt", "c.txt"]')
    assert reasons(captured)["b"] == "the collector changed; c.txt is new"
