"""Texts of strangers in every form of an audit: they stay text, and each form stays what it is."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import validate
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from labreport.audit.model import ClassAudit
from labreport.audit.outputs import gradescope
from labreport.audit.outputs.markdown import MOST_MARKDOWN, markdown
from labreport.audit.outputs.result import Result
from labreport.audit.outputs.sheets import cell, findings_csv, gradebook
from labreport.cli.audit_files import as_json
from labreport.cli.audited import annotations
from labreport.site.audit_pages import class_page, file_names, report_page
from labreport.site.html.self_contained import POLICY
from tests.audit.outputs.made import ACTS, hostile

RESULTS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tests"],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "test_output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "test_name_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "visibility": {"$ref": "#/$defs/visibility"},
        "stdout_visibility": {"$ref": "#/$defs/visibility"},
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": {"$ref": "#/$defs/visibility"},
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
    "$defs": {"visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]}},
}
"""The format of Gradescope's results.json, as its specification describes it."""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return the audit of the class that tries to act."""
    audit = hostile(tmp_path_factory.mktemp("class")).audit()
    assert len(audit.reports) == 3
    assert sum(len(report.findings) for report in audit.reports) > 5
    return Result(audit)


def pages(result: Result) -> list[str]:
    """Return all pages of an audit."""
    names = file_names([report.name for report in result.audit.reports])
    each = [report_page(report, result, "../index.html") for report in result.audit.reports]
    return [class_page(result, names), *each]


def test_pages_hold_only_our_own_elements(result: Result) -> None:
    """No script, no style but ours, nothing that loads, and no link that leads out."""
    for html in pages(result):
        page = LexborHTMLParser(html)
        assert [node.attributes["content"] for node in page.css("meta[http-equiv]")] == [POLICY]
        assert len(page.css("style")) == 1
        assert page.css("script, img, iframe, object, embed, form, input, base, svg, i, b, body link") == []
        attributes = {key for node in page.css("body *") for key in node.attributes}
        assert attributes <= {"id", "href", "class", "scope", "aria-label", "data-level", "data-side"}
        links = [str(node.attributes["href"]) for node in page.css("a")]
        assert [one for one in links if ":" in one or one.startswith("//")] == []
        targets = {one[1:] for one in links if one.startswith("#")}
        assert targets <= {str(node.attributes["id"]) for node in page.css("[id]")}


def test_pages_show_the_texts_as_they_are(result: Result) -> None:
    """A reader sees each hostile line; controls and marks of direction are seen as escapes."""
    shown = "".join(node.text() for html in pages(result) for node in LexborHTMLParser(html).css("pre code"))
    for act in ACTS:
        assert act.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e") in shown
    assert not any(char in "".join(pages(result)) for char in "\x1b\u202e")


def test_a_comment_has_strangers_words_in_code_only(result: Result) -> None:
    """GitHub makes no mention, no link, no reference and no element of them."""
    ours = {"<details><summary>Both sides, and the rule</summary>", "</details>"}
    for report in result.audit.reports:
        for one in (result.only(report), result):
            texts = []
            for token in MarkdownIt().parse(markdown(one)):
                assert token.type != "html_block" or set(token.content.strip().split("\n")) <= ours
                texts += [child for child in token.children or [] if child.type != "code_inline"]
            assert {child.type for child in texts}.isdisjoint({"html_inline", "link_open", "image"})
            prose = "".join(child.content for child in texts)
            assert not any(word in prose for word in ("@", "#1", "//", "www.", "GH-", "<", "{{", "::"))


def test_a_comment_is_never_too_long(result: Result) -> None:
    """GitHub refuses one of more than 65,536 characters: whole findings are left out, and counted."""
    report = max(result.audit.reports, key=lambda one: len(one.findings))
    text = markdown(Result(ClassAudit((replace(report, blocks=report.blocks * 200),))))
    assert len(text) < MOST_MARKDOWN + 500
    assert "more: the page of the report has them all" in text.splitlines()[-1]


def test_no_cell_of_a_table_is_a_formula(result: Result) -> None:
    """Every row has all columns, and no cell begins as a formula does."""
    for text in (findings_csv(result), gradebook(result)):
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) > 3
        assert len({len(row) for row in rows}) == 1
        assert [one for row in rows for one in row if one.lstrip().startswith(("=", "+", "-", "@"))] == []
        assert text.count("\n") == text.count("\r\n") == len(rows)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\t=1", "＝1", "\u00a0=1"])  # noqa: RUF001
def test_a_formula_in_a_cell_is_text(text: str) -> None:
    """Blanks before it and full-width signs do not help."""
    assert cell(text).startswith(("'", "\\"))


def test_annotations_are_one_command_a_line(result: Result) -> None:
    """A file's name cannot end a property, and a text cannot begin another command."""
    lines = list(annotations(result))
    assert len(lines) == sum(len(report.findings) for report in result.audit.reports)
    for line in lines:
        command, _mark, _text = line.removeprefix("::").partition("::")
        assert command.startswith("error file=")
        assert command.count("file=") == command.count(",line=") == command.count(",title=") == 1
        assert line.isprintable()
        assert "##[" not in line


def test_results_for_gradescope_follow_its_format(result: Result) -> None:
    """Each finding is a test without points, and students see nothing before the grades are published."""
    for report in result.audit.reports:
        results = json.loads(json.dumps(gradescope.results(report, {})))
        validate(results, RESULTS)
        assert len(results["tests"]) == len(report.findings)
        assert all(one["visibility"] == "after_published" for one in results["tests"])
        assert results["output_format"] == results["test_output_format"] == "text"


def test_json_has_every_judgement_and_its_rule(result: Result) -> None:
    """It survives a round trip, and names the rules that it uses."""
    told = json.loads(json.dumps(as_json(result)))
    for report, plain in zip(result.audit.reports, told["reports"], strict=True):
        ids = [one["id"] for kind in ("blocks", "values", "oddities") for one in plain[kind]]
        assert sorted(ids) == sorted(one.id for one in report.judgements)
        assert {one["rule"] for one in plain["blocks"]} <= set(told["rules"])


def test_names_of_files_are_safe_and_differ() -> None:
    """A report's name is no path; names that differ in what a file system ignores get different files."""
    names = ["../../etc/passwd", "a", "A", "a b", "a/b", "..", "", "x" * 300, "refs/pull/7/head", "кот"]
    files = file_names(names)
    assert len({one.lower() for one in files.values()}) == len(names)
    for file in files.values():
        assert Path(file).name == file
        assert not file.startswith(".")
        assert len(file) <= 70
    assert files["a"].startswith("a")
