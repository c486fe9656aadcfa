"""The cache of pictures: a chart is drawn once for each content.

The name of a file is a hash of all that a picture depends on: the CSV, the kind, the code that draws, and the
versions of the libraries. The sizes are constants of that code.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from labreport.contract.user_cache import PICTURES, MadeFiles
from labreport.report.charts.style import Svgs

PARTS = ("charts", "rows", "series", "tables", "strict_json.py", "values.py", "problems.py")
"""The parts of `labreport.report` whose code makes a picture."""

LIBRARIES = ("altair", "vl-convert-python")


def kept_svgs(origin: Sequence[str], project: Path, draw: Callable[[], Svgs]) -> Svgs:
    """Return the SVG of a chart, which depends on the texts `origin`, from the cache or from `draw`."""
    files = MadeFiles(PICTURES, project)
    name = hashlib.sha256(json.dumps([*origin, code_hash()]).encode()).hexdigest()
    if (content := files.read(name)) is not None:
        return Svgs(*json.loads(content))
    svgs = draw()
    files.write(name, json.dumps(svgs).encode())
    return svgs


@cache
def code_hash() -> str:
    """Return a hash of the code that makes a picture, and of the versions of its libraries."""
    digest = hashlib.sha256(json.dumps([version(name) for name in LIBRARIES]).encode())
    report = Path(__file__).parents[1]
    for part in PARTS:
        folder = report / part
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
