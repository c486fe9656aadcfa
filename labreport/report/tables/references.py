"""What a lab refers to: its sources, from references.yml, and its terms, from glossary.yml.

Both are files that a lab keeps in its pages' folder.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from labreport.contract.records import Model
from labreport.report.tables import Cell, Table
from labreport.report.yaml_file import YamlError, YamlRoot, read_yaml, read_yaml_list

REFERENCES_FILE = "references.yml"
REFERENCES_HEAD = ("", "source")
GLOSSARY_FILE = "glossary.yml"
GLOSSARY_HEAD = ("term", "meaning")
_DOI = "https://doi.org/"

HttpsAddress = Annotated[str, Field(pattern=r"^https://[^\s<>\"\\]+$")]
Term = Annotated[str, StringConstraints(min_length=2, max_length=60, pattern=r"^\w[\w .-]*\w$")]
Meaning = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Reference(Model):
    """A source: who wrote what, where it appeared, and its address or DOI."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = Field(min_length=1)
    authors: str = ""
    where: str = ""
    year: str = ""
    url: HttpsAddress | None = None
    doi: str | None = Field(default=None, pattern=r"^10\.[0-9]{4,9}/[A-Za-z0-9._()/:;-]+$")

    @property
    def address(self) -> str:
        """Where it can be read; empty if that is not known."""
        return f"{_DOI}{self.doi}" if self.doi else self.url or ""

    @property
    def words(self) -> str:
        """The reference in one line."""
        title = f"{self.authors}: {self.title}" if self.authors else self.title
        doi = f"doi:{self.doi}" if self.doi else ""
        return ", ".join(part for part in (title, self.where, self.year, doi) if part)


class References(YamlRoot[list[Reference]]):
    """`docs/labs/LAB/references.yml`."""


class Glossary(YamlRoot[dict[Term, Meaning]]):
    """`docs/labs/LAB/glossary.yml`."""


def load_references(folder: Path) -> dict[str, Reference]:
    """Return the references of the lab whose pages are in `folder`, by id; raise YamlError."""
    remedy = "each entry has id and title, and may have authors, where, year, url and doi"
    file = shown_path(folder, REFERENCES_FILE)
    read = read_yaml_list(folder / REFERENCES_FILE, file, References, remedy)
    references: dict[str, Reference] = {}
    for number, reference in enumerate(read.value.root):
        if reference.id in references:
            what = f"two references are called {reference.id}"
            raise YamlError(what, "give each an id of its own", path=file, line=read.line(number))
        references[reference.id] = reference
    return references


def bibliography_table(folder: Path) -> Table:
    """Return the references of the lab whose pages are in `folder`, as links; raise FaultError."""
    references = load_references(folder).values()
    rows = ((f"[{number}]", Cell(one.words, address=one.address)) for number, one in enumerate(references, 1))
    return Table.of(REFERENCES_HEAD, rows)


def load_glossary(folder: Path) -> dict[str, str]:
    """Return the terms of the lab whose pages are in `folder`, each with its meaning; raise YamlError."""
    remedy = "write each as `term: meaning`"
    file = shown_path(folder, GLOSSARY_FILE)
    read = read_yaml(folder / GLOSSARY_FILE, file, Glossary, remedy).value.root
    return {term: " ".join(meaning.split()) for term, meaning in read.items()}


def glossary_table(folder: Path) -> Table:
    """Return the terms of the lab whose pages are in `folder`, in alphabetical order; raise FaultError."""
    terms = load_glossary(folder)
    return Table.of(GLOSSARY_HEAD, ((term, terms[term]) for term in sorted(terms, key=str.lower)))


def shown_path(folder: Path, name: str) -> str:
    """Return the path of a file in the folder of a lab's pages, from the project's root."""
    return f"docs/labs/{folder.name}/{name}"
