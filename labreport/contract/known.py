"""What is known of a set: records, and what was found of files, so that nothing unchanged is read again.

Who keeps a Known calls `forget` for each file that has changed.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from labreport.contract.fields import RECORDS, with_folders
from labreport.contract.folder import Folder
from labreport.contract.reader import RecordError, read_record
from labreport.contract.records import File, Record

T = TypeVar("T")


@dataclass
class Known:
    """The records of a set, and what is to be said of its files, as far as they were asked for."""

    _records: dict[str, Record | RecordError] = field(default_factory=dict)
    _found: dict[str, dict[Callable[[Folder, File], Any], tuple[File, Any]]] = field(default_factory=dict)

    def record(self, folder: Path, collector: str) -> Record:
        """Return the record of a collector, read once; raise RecordError as `read_record` does."""
        if collector not in self._records:
            try:
                self._records[collector] = read_record(folder, collector)
            except RecordError as error:
                self._records[collector] = error
        found = self._records[collector]
        if isinstance(found, RecordError):
            raise found.with_traceback(None)
        return found

    def found(self, lab: Folder, file: File, look: Callable[[Folder, File], T]) -> T:
        """Return what `look` finds of a file and its record; it looks once at each pair."""
        looks = self._found.setdefault(file.path, {})
        before = looks.get(look)
        if before is None or before[0] is not file:
            before = looks[look] = (file, look(lab, file))
        found: T = before[1]
        return found

    def forget(self, paths: AbstractSet[str]) -> None:
        """Forget the files and records of the set at `paths`, which have changed, and all below them."""
        for path in [path for path in self._found if not paths.isdisjoint(with_folders(path))]:
            del self._found[path]
        for name in list(self._records):
            if not paths.isdisjoint(with_folders(f"{RECORDS}/{name}.json")):
                del self._records[name]
