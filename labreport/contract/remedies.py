"""Commands that an error tells the user to run, whole, so that they work when pasted.

No word of a record's commands is in them: evidence is never a command. What is to be filled in is in
capitals.
"""

from labreport.contract.images import is_image_path
from labreport.contract.records import HOSTS, Record


def get_again(record: Record, name: str, path: str) -> str:
    """Return how to get a file of a set again: by its collector, or by the import that it came with."""
    if record.imported:
        return f"import it again: {import_report(name)}"
    return f"capture it again: {capture_again(record, name, path)}"


def capture_again(record: Record, name: str, path: str) -> str:
    """Return the command that captures a file of a set again; `name` is that of the set, `path` in it."""
    if not record.collector.file:
        return record_by_hand(f"{name}/{path}")
    options, lab = _options(name)
    return f"`lab collect {options}{lab}/{record.collector.name}`"


def record_by_hand(path: str) -> str:
    """Return the command that captures a file by hand; `path` is its path from the evidence root.

    The command of an image names the file that it writes as `{}`.
    """
    options, path = _options(path)
    return f"`lab record {options}{path} -- COMMAND{' {}' if is_image_path(path) else ''}`"


def without_record(path: str) -> str:
    """Return what to do with a file that has no record; `path` is its path from the evidence root.

    Nobody knows who made it. So no command is named that would make it a measurement of this host.
    """
    return f"remove it; evidence of others comes with its report: {import_report(path)}"


def import_report(name: str) -> str:
    """Return the command that imports a report; `name` is that of a set, or begins with it."""
    lab = _options(name)[1].partition("/")[0]
    return f"`lab import REPORT --evidence FOLDER --lab {lab}`"


def _options(path: str) -> tuple[str, str]:
    """Return the options for a path of another host's set, and the rest of the path, from the lab on."""
    top, _, rest = path.partition("/")
    host, _, below = rest.partition("/")
    return (f"--as {host} ", below) if top == HOSTS and below else ("", path)
