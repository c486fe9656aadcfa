"""Which configuration.toml a start under Kata goes by: what it grants and forbids is a part of the result."""

import os
from pathlib import Path

from labreport.capture.run import Run

VARIABLE = "KATA_CONF_FILE"
FOLDERS = ("/etc", "/usr/share/defaults", "/opt/kata/share/defaults")
PLACES = tuple(Path(folder, "kata-containers/runtime-rs/configuration.toml") for folder in FOLDERS)
"""Where the Rust shim looks, in this order (kata-containers: src/libs/kata-types/src/config/default.rs)."""

NAME = "configuration.toml"


def configuration() -> Path | None:
    """Return the configuration that the shim finds, None where there is none to be read."""
    named = os.environ.get(VARIABLE)
    places = (Path(named),) if named else PLACES
    return next((place for place in places if place.is_file()), None)


def note(run: Run) -> None:
    """Note the configuration's digest in the record of what is run under it."""
    if place := configuration():
        run.note_digest(NAME, place.read_bytes())
