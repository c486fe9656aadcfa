"""The published schemas: they are schemas, and every lab's own files are what they say."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from labreport.site.raw import write_schemas
from labreport.site.schemas import SCHEMAS
from tests.project import REPO

FILES = {
    "lab-1.json": "collectors/*/lab.yml",
    "facts-1.json": "docs/labs/*/facts.yml",
    "rubric-1.json": "docs/labs/*/rubric.yml",
    "waivers-1.json": "docs/labs/*/waivers.yml",
}
OURS = [(name, path) for name, pattern in FILES.items() for path in sorted(REPO.glob(pattern))]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the schemas as a build writes them."""
    site = tmp_path_factory.mktemp("site")
    write_schemas(site)
    return {path.name: json.loads(path.read_text()) for path in (site / "schema").iterdir()}


def as_json(path: Path) -> Any:
    """Return a YAML file as an editor holds it against a schema: keys and dates are texts."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))


@pytest.mark.slow
def test_each_is_a_schema(schemas: dict[str, Any]) -> None:
    """Of the draft that editors know."""
    assert set(schemas) == set(SCHEMAS)
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_there_is_a_file_of_each(schemas: dict[str, Any]) -> None:
    """Or the next test would hold nothing against anything; no lab has to have waivers."""
    assert set(FILES) - {"waivers-1.json"} <= {name for name, _path in OURS} <= set(schemas)


@pytest.mark.parametrize(("name", "path"), OURS, ids=lambda one: str(one).rpartition("/")[2])
def test_our_files_are_what_their_schema_says(schemas: dict[str, Any], name: str, path: Path) -> None:
    """And one key too many is seen."""
    content = as_json(path)
    jsonschema.validate(content, schemas[name])
    first = next(iter(content))
    bad = {**content, first: {"nobody": 1}} if name != "lab-1.json" else {**content, "nobody": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, schemas[name])


@pytest.mark.parametrize(("name", "path"), OURS, ids=lambda one: str(one).rpartition("/")[2])
def test_a_file_names_its_own_schema(name: str, path: Path) -> None:
    """If it names one: the path leads to where a build writes it."""
    first = path.read_text().split("\n")[0]
    if "yaml-language-server" in first:
        target = (path.parent / first.partition("$schema=")[2]).resolve()
        assert target == REPO / "site" / "schema" / name
    else:
        assert name == "facts-1.json"
