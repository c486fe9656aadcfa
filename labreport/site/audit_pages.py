"""The pages of an audit: one for each report and one for the class. They load and run nothing."""

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files as package_files

from jinja2 import Environment
from markupsafe import Markup

from labreport.audit.grades import GradeState
from labreport.audit.model import Level, ReportAudit
from labreport.audit.outputs import result as words
from labreport.audit.outputs.result import Result
from labreport.audit.rules import RULES
from labreport.report.problems import one_line
from labreport.site.html.environment import ENVIRONMENT
from labreport.site.html.self_contained import POLICY

STYLE = "assets/audit.css"
MOST_SHARED = 100
"""How many files that several reports have are listed; audit.json has all of them."""
_TEMPLATE = "audit.html"
_UNSAFE = re.compile(r"[^a-z0-9._-]+")
_LONGEST = 60


def report_page(report: ReportAudit, result: Result, up: str = "") -> str:
    """Return the page of a report. `up` leads to the page of the class, if there is one."""
    levels = {level: [one for one in report.judgements if one.level is level] for level in Level}
    grade = result.grades.get(report.name)
    return _called("report", report, levels, grade, up, POLICY, _style())


def class_page(result: Result, pages: Mapping[str, str]) -> str:
    """Return the page of a class. `pages` has the address of a report's page by the report's name."""
    order = sorted(result.audit.reports, key=lambda one: (-len(one.findings), one.name))
    shared = sorted(
        result.audit.shared, key=lambda one: (-len({name for name, _path in one.places}), one.places)
    )
    return _called(
        "class_", result, order, pages, shared[:MOST_SHARED], len(shared), list(GradeState), POLICY, _style()
    )


def file_names(names: list[str]) -> dict[str, str]:
    """Return a file name for each report that every file system can have, with no two alike."""
    plain = {name: _UNSAFE.sub("-", name.lower()).strip("-.")[:_LONGEST] for name in names}
    taken = [plain[name] for name in names]
    return {
        name: file if file == name and taken.count(file) == 1 else _with_hash(file, name)
        for name, file in plain.items()
    }


def _with_hash(file: str, name: str) -> str:
    digest = sha256(name.encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{file}-{digest}" if file else digest


def visible(text: str) -> str:
    """Return a text whose controls and marks of direction are shown as escapes, tabs and line ends apart."""
    return "\n".join("\t".join(map(one_line, line.split("\t"))) for line in text.split("\n"))


@cache
def _environment() -> Environment:
    """Return our environment for templates with the words of an audit."""
    environment = ENVIRONMENT.overlay()
    environment.filters = {
        **ENVIRONMENT.filters,
        "by_requirement": words.by_requirement,
        "counted": words.counted,
        "headline": words.headline,
        "judged_blocks": words.judged_blocks,
        "judged_values": words.judged_values,
        "number": lambda number: f"{number:g}",
        "quoted_blocks": words.quoted_blocks,
        "rule_counts": words.rule_counts,
        "rule_means": lambda rule: RULES[rule].meaning,
        "rule_title": lambda rule: RULES[rule].title,
        "rules_of": words.rules_of,
        "sound_values": words.sound_values,
        "visible": visible,
    }
    return environment


def _called(macro: str, *values: object) -> str:
    return f"{getattr(_environment().get_template(_TEMPLATE).module, macro)(*values)}\n"


def _style() -> Markup:
    text = package_files("labreport.site").joinpath(STYLE).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 # our own file
