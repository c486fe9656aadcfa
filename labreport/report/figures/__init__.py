"""The figures of a page: a comparison of a series, a chart of a CSV or of facts, a table of evidence."""

from labreport.contract.text import why_no_text
from labreport.report.problems import FaultError
from labreport.report.rows import Rows
from labreport.report.rows.read import read_rows
from labreport.report.source.cite import Block, Gap, Page, cite
from labreport.report.source.evidence import Evidence
from labreport.report.source.slices import SliceRequest

MOST_NAMES = 64
LONGEST_NOUN = 40


def cited(evidence: Evidence, page: Page, path: object, name: str = "the path") -> Block | Gap:
    """Return the file at `path`, whole; raise FaultError for what is not a path in quotes."""
    return cite(evidence, page, SliceRequest(text_of(path, name, "bench/startup.csv")))


def text_in(block: Block) -> str:
    """Return the text of a file; raise FaultError for one that is none."""
    if block.slice.text is None:
        raise FaultError(f"{block.path} is {why_no_text(block.slice.data)}", "name a text file in UTF-8")
    return block.slice.text


def rows_in(block: Block, at: object) -> Rows:
    """Return the rows of a file; `at` says where in a JSON document they are. Raise FaultError."""
    place = "" if at is None else text_of(at, "at", "results")
    return read_rows(block.content.path, text_in(block), place)


def selected(rows: Rows, where: object) -> Rows:
    """Return the rows that a page selects, all of them without `where`; raise FaultError for none."""
    return rows if where is None else rows.where(text_of(where, "where", "tool=gzip"))


def text_of(value: object, name: str, example: str) -> str:
    """Return the text that a page gives an argument; raise FaultError for anything else."""
    if not isinstance(value, str) or not value.strip():
        raise FaultError(f"{name} is {value!r}", f'give it in quotes: "{example}"')
    return value


def texts_of(value: object, name: str, example: str) -> tuple[str, ...]:
    """Return the texts of an argument that is one text or a list of them; raise FaultError."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not values or len(values) > MOST_NAMES:
        raise FaultError(f"{name} is {value!r}", f'write {name}="{example}", or a list of such')
    return tuple(text_of(one, name, example) for one in values)


def noun_of(value: object) -> str:
    """Return what a page calls the samples of a series, in the plural; raise FaultError."""
    noun = text_of(value, "runs", "requests")
    if len(noun) > LONGEST_NOUN or not noun.isprintable():
        raise FaultError(f"runs is {noun!r}", 'name the samples in the plural: runs="requests"')
    return noun
