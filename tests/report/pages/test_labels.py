"""Figures and tables are numbered through a page, and a reference to one that is not there is a problem."""

from pathlib import Path

import pytest

from labreport.report.pages.labels import Label, LabelKind, LabelRequest, number_labels
from labreport.report.problems import FaultError, Problem
from tests.project import CapturedFile, Little, make
from tests.report.series.planted import planted

FIGURE, TABLE = LabelKind.FIGURE, LabelKind.TABLE


def test_figures_and_tables_are_counted_apart() -> None:
    """What has no caption has no number."""
    requests = [
        LabelRequest(FIGURE, "One"), LabelRequest(TABLE, "Two"), LabelRequest(FIGURE),
        LabelRequest(FIGURE, "  Three\n  words?", "three"), LabelRequest(TABLE, "Four", "four-4"),
    ]  # fmt: skip
    labels = number_labels(requests)
    assert [label and str(label) for label in labels.of_request] == [
        "Figure 1", "Table 1", None, "Figure 2", "Table 2",
    ]  # fmt: skip
    assert labels.by_name == {"three": labels.of_request[3], "four-4": labels.of_request[4]}
    anchors = [label.anchor for label in labels.of_request if isinstance(label, Label)]
    assert anchors == ["figure-1", "table-1", "figure-three", "table-four-4"]
    captions = [label.caption for label in labels.of_request if isinstance(label, Label)]
    assert captions == ["One.", "Two.", "Three words?", "Four."]


@pytest.mark.parametrize(
    ("caption", "name", "what"),
    [
        ("", None, "caption is ''"),
        (" \n", "x", "caption is"),
        (3, None, "caption is 3"),
        (None, "x", "a name and no caption"),
        ("Words", 3, "name is 3"),
        ("Words", "", "name is ''"),
        ("Words", "2", "name is '2'"),
        ("Words", "Big", "name is 'Big'"),
        ("Words", 'x" onclick="y', "name is"),
        ("Words", "taken", "Table 1 of this page is called taken, too"),
    ],
)
def test_a_wrong_label_is_an_error_and_takes_no_number(caption: object, name: object, what: str) -> None:
    """The next label gets its number."""
    requests = [
        LabelRequest(TABLE, "First", "taken"),
        LabelRequest(FIGURE, caption, name),
        LabelRequest(FIGURE, "Next"),
    ]
    _first, wrong, following = number_labels(requests).of_request
    assert isinstance(wrong, FaultError)
    assert what in wrong.what
    assert wrong.remedy
    assert str(following) == "Figure 1"


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Return a lab with a series."""
    made = make(tmp_path / "project")
    made.page("labs/lab12/index.md", "# Lab\n")
    made.capture(CapturedFile("s.csv", planted("same").encode()))
    return made


CHART = '{{ chart("s.csv", kind="strip", caption="Starts", name="starts") }}'


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("text", "line", "what", "remedy"),
    [
        (f'# X\n\nSee {{{{ ref("stats") }}}}.\n\n{CHART}\n', 3, "called 'stats'", "use one of: starts"),
        ('# X\n\nSee {{ ref("stats") }}.\n', 3, "called 'stats'", "give one a name"),
        ('# X\n\nSee {{ ref(["x"]) }}.\n', 3, "called ['x']", "give one a name"),
        (f"# X\n\n{CHART}\n\n{CHART}\n", 5, "Figure 1 of this page is called starts, too", "name of its own"),
        ('# X\n\n{{ comparison("s.csv", name="x") }}\n', 3, "a name and no caption", "caption="),
        (
            '# X\n\n{{ evidence("s.csv", caption="x") }}\n',
            3,
            "evidence takes no caption",
            "it takes path, lines",
        ),
        ('# X\n\n{{ chart("s.csv", caption="x") }}\n', 3, "missing a required", "path, kind, x, y, by"),
    ],
)
def test_a_mistake_is_a_problem_with_its_place(
    little: Little, text: str, line: int, what: str, remedy: str
) -> None:
    """It has the page, the line and a remedy, and fails a build."""
    little.page("labs/lab12/task-1.md", text)
    rendering = little.render_pass()
    for page in little.pages().pages:
        rendering.render(page)
    (problem,) = rendering.problems
    assert (problem.path, problem.line) == ("labs/lab12/task-1.md", line)
    assert what in problem.what
    assert remedy in problem.remedy


def test_a_reference_before_its_figure_is_found(little: Little) -> None:
    """All labels of a page are known before its first call runs."""
    little.page("labs/lab12/task-1.md", f'# X\n\nSee {{{{ ref("starts") }}}}.\n\n{CHART}\n')
    rendering = little.render_pass()
    shown = [result.shown for page in little.pages().pages for result in rendering.render(page).calls]
    assert isinstance(shown[0], Label)
    assert str(shown[0]) == "Figure 1"
    assert not any(isinstance(one, Problem) for one in shown)
