"""Annotations for GitHub Actions: one workflow command a line, as GitHub's toolkit writes it."""

from labreport.report.printed import printed_line


def annotation_line(level: str, place: tuple[str, int, int], title: str, message: str) -> str:
    """Return an annotation at a file, line and column; `level` is `error`, `warning` or `notice`."""
    file, line, column = place
    where = f"file={_property(file)},line={line},col={column}"
    return f"::{level} {where},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return printed_line(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
