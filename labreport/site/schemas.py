"""The JSON Schemas that the site publishes. `scripts/reference.py` writes them to the folder schema/.

A build copies them, because pydantic takes a tenth of a second to make them, at every save of an author.
"""

import json

from pydantic import BaseModel

from labreport.check.rubric import RubricFile
from labreport.check.waivers import WaiversFile
from labreport.contract.reader import PUBLISHED
from labreport.report.facts.facts import FactsFile

SCHEMAS: dict[str, type[BaseModel]] = {
    **PUBLISHED,
    "facts-1.json": FactsFile,
    "rubric-1.json": RubricFile,
    "waivers-1.json": WaiversFile,
}
"""The models whose JSON Schemas the site publishes, by file name."""


def schema(name: str) -> str:
    """Return the JSON Schema of a model in SCHEMAS, as the text of its file."""
    return json.dumps(SCHEMAS[name].model_json_schema(by_alias=True), indent=1) + "\n"
