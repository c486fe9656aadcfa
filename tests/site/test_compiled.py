"""Compiled templates in the cache: taken for the same source only, and not needed."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from labreport.contract.user_cache import OFF
from labreport.site.compiled import CompiledTemplates


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the templates in a cache of this test alone."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.delenv(OFF)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/lab/templates"


def rendered(project: Path, source: str) -> str:
    """Return a template rendered by a new environment."""
    loader = DictLoader({"x.html": source})
    env = Environment(loader=loader, bytecode_cache=CompiledTemplates(project), autoescape=True)
    return env.get_template("x.html").render(a="<b>")


def test_a_template_is_compiled_once_for_its_source(tmp_path: Path, cache: Path) -> None:
    """Another source is another file. What is in the cache renders the same."""
    assert [rendered(tmp_path / "p", "1{{ a }}") for _ in range(2)] == ["1&lt;b&gt;"] * 2
    assert len(list(cache.iterdir())) == 1
    assert rendered(tmp_path / "p", "2{{ a }}") == "2&lt;b&gt;"
    assert len(list(cache.iterdir())) == 2


def test_a_compiled_template_that_was_altered_is_compiled_again(tmp_path: Path, cache: Path) -> None:
    """Its bytes are not loaded as code."""
    rendered(tmp_path / "p", "{{ a }}")
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"x.html", b"y.html"))
    assert rendered(tmp_path / "p", "{{ a }}") == "&lt;b&gt;"
    assert file.read_bytes() == whole
