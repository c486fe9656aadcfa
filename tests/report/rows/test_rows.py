"""Rows of CSV, TSV, JSON and JSON Lines: read right, or a problem that names file, row and column."""

import csv
import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labreport.report.problems import FaultError
from labreport.report.rows import LONGEST_NAME, MOST_COLUMNS, MOST_ROWS, Rows
from labreport.report.rows.columns import checked_unit, column_of
from labreport.report.rows.read import read_rows
from labreport.report.values import Quantity

SIZES = "tool,level,bytes\ngzip,1,8201334\ngzip,6,7120134\nxz,6,5120134\n"


def fault(path: str, text: str, at: str = "") -> FaultError:
    """Return the error of a text that has no rows."""
    with pytest.raises(FaultError) as raised:
        read_rows(path, text, at)
    assert raised.value.remedy
    return raised.value


def cells(rows: Rows) -> list[tuple[str, ...]]:
    """Return the cells of each row."""
    return [row.cells for row in rows.rows]


@pytest.mark.parametrize(
    "text",
    [
        SIZES,
        SIZES.replace("\n", "\r\n"),
        SIZES.replace(",", "\t"),
        SIZES.replace(",", ";"),
        f"\ufeff{SIZES}",
        f"\n{SIZES}\n\n",
    ],
    ids=["csv", "crlf", "tsv", "semicolons", "bom", "blank lines"],
)
def test_every_form_of_csv_has_the_same_rows(text: str) -> None:
    """Line ends, separators, a byte order mark and blank lines change no cell."""
    rows = read_rows("size/sizes.csv", text)
    assert rows.columns == ("tool", "level", "bytes")
    assert cells(rows) == [("gzip", "1", "8201334"), ("gzip", "6", "7120134"), ("xz", "6", "5120134")]
    assert rows.number(rows.rows[2], "bytes", "B") == Quantity(Decimal(5120134), "B")


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=8))
def test_cells_are_those_that_were_written(written: list[tuple[str, str]]) -> None:
    """What Python's csv module writes is read back, whatever a cell contains."""
    plain = [tuple(cell.replace("\r", "") for cell in row) for row in written]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b"), *plain])
    assert cells(read_rows("x.csv", text.getvalue())) == plain


def test_a_row_knows_its_line() -> None:
    """A quoted cell with a line end and a blank line count as lines of the file."""
    rows = read_rows("x.csv", 'a,b\n"x\ny",1\n\nz,fast\n')
    assert [row.place for row in rows.rows] == ["line 3", "line 5"]
    with pytest.raises(FaultError, match=r"x\.csv, line 5, column 'b': 'fast' is no number"):
        rows.number(rows.rows[1], "b")


@pytest.mark.parametrize(
    ("path", "text", "at", "words"),
    [
        ("x.json", '[{"tool": "gzip", "s": 0.10}, {"tool": "xz", "s": 1e-05}]', "", ["0.10", "1e-05"]),
        ("x.json", '{"results": [{"tool": "gzip", "s": 0.10}]}', "results", ["0.10"]),
        ("x.json", '{"a": {"b": [{"tool": "gzip", "s": 12}]}}', "a.b", ["12"]),
        ("x.jsonl", '{"tool": "gzip", "s": 0.10}\n\n{"tool": "xz", "s": 7}\n', "", ["0.10", "7"]),
        ("x.txt", '{"tool": "gzip", "s": 0.10}\n{"tool": "xz"}\n', "", ["0.10", ""]),
        ("x.json", '{"tool": "gzip", "s": 0.10}', "", ["0.10"]),
    ],
)
def test_json_has_the_digits_of_its_file(path: str, text: str, at: str, words: list[str]) -> None:
    """A list, a list at a place, JSON Lines and one object are rows; a key that is not there is empty."""
    rows = read_rows(path, text, at)
    assert rows.columns == ("tool", "s")
    assert [row.cells[1] for row in rows.rows] == words


def test_the_number_of_json_is_exact() -> None:
    """An exponent is read; a text in JSON is read as that of CSV is."""
    rows = read_rows("x.json", '[{"s": 1e-05, "t": "1,091", "n": "Infinity", "deep": [1.50, {"a": null}]}]')
    assert rows.number(rows.rows[0], "s", "s").exact == Decimal("0.00001")
    assert rows.rows[0].cells[3] == '[1.50, {"a": null}]'
    for name, words in (("t", "1,091 is 1091 or"), ("n", "'Infinity' is no number")):
        with pytest.raises(FaultError, match=words):
            rows.number(rows.rows[0], name)


@pytest.mark.parametrize(
    ("path", "text", "at", "words"),
    [
        ("x.csv", "", "", "x.csv is empty"),
        ("x.csv", "a,b\n", "", "has no rows"),
        ("x.csv", "a,a\n1,2\n", "", "two columns 'a'"),
        ("x.csv", "a,\n1,2\n", "", "a column without a name"),
        ("x.csv", "a,b\n1\n", "", "line 2: 1 cells below 2 names"),
        ("x.csv", 'a,b\n"1,2\n', "", "is no CSV: line 2"),
        ("x.csv", "a\n" + "1\n" * (MOST_ROWS + 1), "", f"more than {MOST_ROWS} rows"),
        ("x.csv", ",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)), "", "at most 64"),
        ("x.csv", "c" * (LONGEST_NAME + 1) + "\n1\n", "", "has a column 'ccc"),
        ("x.csv", "a\n1\n", "results", "no JSON document, so it has no results"),
        ("x.json", "[1, 2]", "", "item 1: '1' is no object"),
        ("x.json", "[]", "", "has no rows"),
        ("x.json", '{"results": [{"a": 1}]}', "", "is no list of objects"),
        ("x.json", '{"results": [{"a": 1}]}', "other", "has no 'other'"),
        ("x.json", '{"a": NaN}', "", "NaN is not a number"),
        ("x.json", '[{"a": 1, "a": 2}]', "", "an object has 'a' twice"),
        ("x.json", "[" * 100_000, "", "nested too deeply"),
        ("x.json", '{"a": 1}\n{"a": \n', "", "is no JSON Lines: line 2"),
        ("x.json", "[{", "", "is no JSON"),
        ("x.json", r'[{"a": "\ud800"}]', "", "a text has half a character"),
        ("x.json", '[{"a": 1}]\n' + r'[{"\udc00": 1}]', "", "a text has half a character"),
        ("x.jsonl", '{"a": 1}\n{"a": 2}\n', "results", "is JSON Lines, so it has no results"),
    ],
)
def test_what_has_no_rows_says_why(path: str, text: str, at: str, words: str) -> None:
    """The problem names the file, and the line or the item."""
    assert words in fault(path, text, at).what


def test_the_remedy_names_the_list() -> None:
    """A document with a list at a key has that key in the remedy."""
    assert fault("x.json", '{"command": "x", "results": [{"a": 1}]}').remedy == 'write at="results"'


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("", "the cell is empty"),
        ("n/a", "'n/a' is no number"),
        ("NaN", "'NaN' is no number"),
        ("1e5", "'1e5' is no number"),
        ("0x10", "'0x10' is no number"),
        ("12 ms", "'12 ms' is no number"),
        ('"1,091"', "1,091 is 1091 or a number with a decimal comma"),
        ('"1,091,000"', "1,091,000 is 1091000 with digits in groups"),
        ("1 091", "'1 091' is no number"),
        ("9" * 50, "is no number"),
        ("<script>", "'<script>' is no number"),
    ],
)
def test_a_cell_that_is_no_number_is_named(cell: str, words: str) -> None:
    """The problem has the file, the line, the column and the cell."""
    rows = read_rows("x.csv", f"a,bytes\n1,2\n2,{cell}\n")
    with pytest.raises(FaultError) as raised:
        rows.number(rows.rows[1], "bytes")
    assert raised.value.what.startswith("x.csv, line 3, column 'bytes': ")
    assert words in raised.value.what


def test_a_decimal_comma_is_read() -> None:
    """It is the comma of one decimal number, as in the converters."""
    rows = read_rows("x.csv", "tool;seconds\ngzip;1,62\n")
    assert rows.number(rows.rows[0], "seconds", "s") == Quantity(Decimal("1.62"), "s")


@pytest.mark.parametrize("code", ["1", "", "124", "[0, 1]"])
def test_the_numbers_of_a_failed_run_are_refused(code: str) -> None:
    """The remedy selects the runs that succeeded."""
    rows = read_rows("x.csv", f'seconds,exit_status\n1,0\n2,"{code}"\n')
    assert rows.number(rows.rows[0], "seconds").exact == 1
    with pytest.raises(FaultError, match="line 3: the run failed") as raised:
        rows.number(rows.rows[1], "seconds")
    assert 'where="exit_status=0"' in raised.value.remedy
    assert len(rows.where("exit_status=0").rows) == 1


def test_where_selects_rows() -> None:
    """All conditions hold; a wrong column, a wrong value and another form are problems."""
    rows = read_rows("x.csv", SIZES)
    assert cells(rows.where("tool=gzip, level=6")) == [("gzip", "6", "7120134")]
    for condition, words, remedy in (
        ("tol=gzip", "no column 'tol'", "is tool meant?"),
        ("tool=zip", "no row where tool=zip", "'tool' is one of 'gzip', 'xz'"),
        ("tool=xz, level=1", "no row where", "all of these values"),
        ("tool", "where is 'tool'", "tool=gzip, level=6"),
    ):
        with pytest.raises(FaultError, match=words) as raised:
            rows.where(condition)
        assert remedy in raised.value.remedy


@pytest.mark.parametrize(
    ("name", "title", "unit"),
    [
        ("seconds", "seconds", "s"),
        ("rss_kib", "rss (KiB)", "KiB"),
        ("size_MB", "size (MB)", "MB"),
        ("size_kb", "size kb", ""),
        ("latency [ms]", "latency (ms)", "ms"),
        ("latency (median)", "latency (median)", ""),
        ("latency_min", "latency min", ""),
        ("latency (min)", "latency (min)", "min"),
        ("bytes_per_s", "bytes per s", "B/s"),
        ("requests_per_s", "requests per s", "requests/s"),
        ("rate_per_minute", "rate per minute", ""),
        ("change_pct", "change (%)", "%"),
        ("passed", "passed", ""),
    ],
)
def test_a_columns_name_has_words_and_a_unit(name: str, title: str, unit: str) -> None:
    """The axis has both. `kb` means 1000 to some tools and 1024 to others, so it is no unit."""
    column = column_of(name)
    assert (column.title(column.unit), column.unit) == (title, unit)


def test_a_unit_converts_or_is_stated() -> None:
    """A column with a unit is converted, one without takes it; a unit of another kind is a problem."""
    kib = Quantity(Decimal(2048), "KiB")
    assert str(column_of("rss_kib").to_unit(kib, "MiB")) == "2.000 MiB"
    assert str(column_of("rss").to_unit(Quantity(Decimal(7), ""), "MiB")) == "7 MiB"
    with pytest.raises(FaultError, match="cannot be given in"):
        column_of("rss_kib").to_unit(kib, "s")
    assert checked_unit("us") == "µs"
    for unit in (3, "secnds"):
        with pytest.raises(FaultError):
            checked_unit(unit)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=8))
def test_any_value_of_json_is_a_cell(value: object) -> None:
    """Numbers keep their digits, and no value ends the reading."""
    rows = read_rows("x.json", json.dumps([{"a": value}]))
    assert len(rows.rows) == 1
    if isinstance(value, int) and not isinstance(value, bool):
        assert rows.rows[0].cells[0] == str(value)
