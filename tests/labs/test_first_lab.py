"""`Your own lab in 15 minutes`: every command and every file of the lesson, in a fresh folder."""

import re
from pathlib import Path

import pytest

from labreport.capture.series import HYPERFINE
from labreport.contract.lab_config import Lab
from tests.labs.lesson import reader, steps
from tests.project import REPO

LESSON = REPO / "docs" / "manual" / "first-steps" / "first-lab.md"


@pytest.mark.slow
def test_the_lesson_does_what_it_says(tmp_path: Path) -> None:
    """Each command succeeds. The site has a fact, a claim that holds, a series, a chart and a rubric."""
    if reason := HYPERFINE.reason(Lab(title="x", editions={})):
        pytest.skip(reason)
    made = reader(tmp_path).follow(LESSON)
    assert made.name == "my-labs"
    one = (made / "site/labs/squeeze/task-1.html").read_text()
    two = (made / "site/labs/squeeze/task-2.html").read_text()
    first = (made / "site/labs/squeeze/index.html").read_text()
    assert 'data-evidence="squeeze/size/sizes.csv"' in one
    assert one.count('data-state="holds"') == 1
    assert "<svg" in two
    assert "gzip -9 -k -f numbers.txt" in two
    assert len(re.findall(r"\bmet\b", first)) >= 2
    exported = (made / "submission.md").read_text()
    assert {"labs/squeeze/size/sizes.csv", "labs/squeeze/speed/levels.csv"} <= set(
        re.findall(r"^```\d+:\d+:(\S+)$", exported, re.MULTILINE)
    )


def test_the_lesson_begins_with_an_empty_folder() -> None:
    """It makes a project, and names each file by its path in it."""
    first, *rest = steps(LESSON)
    assert first.text.startswith("lab init ")
    assert {step.path.split("/")[0] for step in rest if step.path} == {"collectors", "docs"}
