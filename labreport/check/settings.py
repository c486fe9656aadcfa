"""What a lab's lab.yml says in numbers: those need no evidence, they were decided."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from labreport.check.vocabulary import unit_of
from labreport.check.written import Written, written
from labreport.contract.lab_config import Lab
from labreport.report.yaml_file import YamlFile, read_yaml

LAB_FILE = "lab.yml"


@dataclass(frozen=True)
class Settings:
    """The numbers of a lab.yml with their units: `values` are pairs as labreport.check.written has them."""

    values: frozenset[tuple[Fraction, str]] = frozenset()

    def have(self, number: Written) -> bool:
        """Return whether lab.yml says this number, each number of a range."""
        return bool(number.values) and all((one, number.unit) in self.values for one in number.values or ())


def read_lab(root: Path, lab: str) -> YamlFile[Lab] | None:
    """Return the lab.yml of a lab, None if it has none; raise YamlError."""
    path = root / "collectors" / lab / LAB_FILE
    if not path.exists():
        return None
    return read_yaml(
        path, f"collectors/{lab}/{LAB_FILE}", Lab, "manual/reference/lab-yml.md says what it holds"
    )


def settings_of(lab: Lab) -> Settings:
    """Return what the settings of a lab.yml say in numbers.

    A text such as `500 ms` carries its unit. A number has the unit, or counts what its key ends in:
    `ready_seconds: 300`, `requests: 50`. One whose key names neither is of no unit, and no number with one.
    """
    return Settings(frozenset(_numbers("", lab.settings)))


def _numbers(key: str, value: object) -> Iterator[tuple[Fraction, str]]:
    match value:
        case dict():
            for name, one in value.items():
                yield from _numbers(str(name), one)
        case list():
            for one in value:
                yield from _numbers(key, one)
        case bool():
            return
        case int() | float():
            last = key.replace(".", "_").rpartition("_")[2]
            yield Fraction(str(value)), unit_of(last)
        case str():
            for number in written(value):
                yield from ((one, number.unit) for one in number.values or ())
