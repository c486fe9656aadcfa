"""Values and claims in a built site: what a sentence stands on, what fails a build, what opens."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from labreport.contract.records import HostClass
from tests.project import HOST, CapturedFile, Little, make, row

FACTS = """
a: {file: a.txt, read: seconds a}
b: {file: a.txt, read: seconds b}
kernel: {file: kernel.txt, read: kernel}
far: {file: far.txt, read: seconds}
slow: {file: slow.txt, read: seconds}
gone: {file: gone.txt, read: seconds}
"""
EMULATED = HOST.model_copy(update={"host_class": HostClass.EMULATED, "cpu": "QEMU <b>TCG</b>"})
TIMES = b"a: 1.620 s\nb: 0.40 s\n"


@pytest.fixture
def little(tmp_path: Path) -> Little:
    """Make a lab with facts of three host classes, one of them in a file that was not captured."""
    made = make(tmp_path / "project")
    made.capture(CapturedFile("a.txt", TIMES))
    made.capture(CapturedFile("kernel.txt", b"6.12.0-<script>alert(1)</script>\n6.12.0-x\n"))
    made.capture(
        CapturedFile("far.txt", b"3 s\n"), host=HOST.model_copy(update={"host_class": HostClass.NESTED})
    )
    made.capture(CapturedFile("slow.txt", b"9.5 s\n"), host=EMULATED)
    made.state(row("gone", "gone.txt", reason="no KVM here", remedy="use a host with KVM", command="lab x"))
    made.page("labs/lab12/facts.yml", FACTS)
    return made


def page(little: Little, body: str, front: str = "") -> Path:
    """Write the lab's one page."""
    head = f"---\n{front}\n---\n" if front else ""
    return little.page("labs/lab12/task-1.md", f"{head}# Task 1 — x\n\n{body}\n")


def html(little: Little) -> str:
    """Return the page as it was built."""
    return (little.site / "labs/lab12/task-1.html").read_text()


def text(little: Little) -> str:
    """Return the page's text without what a reader has to open."""
    bare = re.sub(r'<span (?:popover )?class="ev-tip".*?</span></span>(?=</span>|<)', "", html(little))
    return re.sub(r"<[^>]+>", "", bare).replace("\u00a0", " ")


@pytest.mark.slow
def test_a_value_stands_wherever_words_stand(little: Little) -> None:
    """In a sentence, a list, a table, a link, an alt text and a code span; as text where HTML cannot be."""
    page(
        little,
        'A {{ fact("a") }} start.\n\n- {{ fact("a / b") }}\n\n| {{ fact("b") }} |\n|---|\n| x |\n\n'
        '[it {{ fact("percent(b, a)", decimals=0) }}](https://example.invalid/)\n'
        '![takes {{ fact("a", unit="ms") }}](../../assets/mark.svg) `{{ fact("b") }}`',
    )
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert re.search(r"A 1\.620 s.* start", text(little))
    assert "4.1" in text(little)
    assert "25 %" in text(little)
    assert 'alt="takes 1620 ms"' in html(little)
    assert "<code>0.40 s</code>" in html(little)


def test_a_value_says_where_it_is_from(little: Little) -> None:
    """File, line, host class, time and the line itself, linked to the file; the search finds none of it."""
    page(little, 'It takes {{ fact("a") }}.')
    assert little.build().returncode == 0
    tip = html(little).partition('class="ev-tip"')[2].partition("</span></span>")[0]
    for part in ("lab12/a.txt", "line 1", "virtual", "2026-03-04 05:06:07 UTC", "a: 1.620 s"):
        assert part in tip, part
    assert 'href="../../evidence/lab12/a.txt"' in tip
    search = (little.site / "search" / "search_index.js").read_text()
    assert "1.620" in search
    assert "05:06:07" not in search


def test_a_claim_that_holds_keeps_its_sentence(little: Little) -> None:
    """The sentence stays as written, with its emphasis and values; its mark opens condition and values."""
    page(little, '{% call claim("b < a < 2 s") %}b is *the* {{ fact("b") }}.{% endcall %} And on.')
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert 'data-state="holds"' in html(little)
    assert "b is <em>the</em> <span" in html(little)
    assert re.search(r"b is the 0\.40 s.*✓\s*And on", text(little), re.DOTALL)
    assert "<code>b &lt; a &lt; 2 s</code>" in html(little)


STATES = [
    ("b > a", "contradicted", "b is 0.40 s, not > a (1.620 s)"),
    ("gone < 1 s", "no evidence", "no KVM here"),
    ("far > a", "not comparable", "far is of host"),
    ("a < 1", "error", "column 4"),
    ("a", "error", "a condition"),
    ("a / (b - b) < 1", "error", "zero"),
    ("nothing < 1 s", "", "facts.yml declares no nothing"),
    ("farr < 1 s", "", "is far meant?"),
]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("condition", "state", "why"), STATES)
def test_a_sentence_that_does_not_hold_fails_the_build(
    little: Little, condition: str, state: str, why: str
) -> None:
    """The build names page, line, claim, values; the page shows state and reason in plain sight."""
    page(little, f'Words.\n\n{{% call claim("{condition}") %}}So it is.{{% endcall %}}')
    built = little.build()
    assert built.returncode != 0
    assert f'labs/lab12/task-1.md:5: claim("{condition}") “So it is.”: ' in built.stderr
    assert why in built.stderr
    assert state in built.stderr
    assert "So it is." in text(little)
    assert why.partition(",")[0].replace("<", "&lt;").replace(">", "&gt;") in html(little)


@pytest.mark.slow
def test_a_gap_that_the_page_expects_fails_nothing(little: Little) -> None:
    """Value and claim say that there is no evidence, and why, and the build passes."""
    body = '{{ fact("gone") }} {% call claim("gone < 1 s") %}Quick.{% endcall %}'
    page(little, body)
    assert little.build().returncode != 0
    page(little, body, "expected_gaps: [gone.txt]")
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert "(no evidence)" in text(little)
    assert "no KVM here" in html(little)


@pytest.mark.slow
def test_emulated_is_carried_and_must_be_accepted(little: Little) -> None:
    """A value of an emulated host, or made of one, fails the build of a page that does not accept it."""
    body = '{{ fact("slow * 2") }} and {% call claim("slow > 1 s") %}slow.{% endcall %}'
    page(little, body)
    built = little.build()
    assert built.returncode != 0
    assert 'labs/lab12/task-1.md:3: fact("slow * 2"): 2 of this page' in built.stderr
    assert "accept_emulated: true" in built.stderr
    page(little, body, "accept_emulated: true")
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert html(little).count('<sup class="ev-emulated"') == 2
    assert 'data-emulated="true"' in html(little)
    page(little, '{{ fact("a") }}', "accept_emulated: yes please")
    assert "accept_emulated is 'yes please': write `accept_emulated: true`" in little.build().stderr


@pytest.mark.slow
def test_a_ratio_of_times_is_marked_once(little: Little) -> None:
    """A plain number that compares times of an emulated host carries the mark; a count does not."""
    runs = "".join(f"{run},{run % 2 + 1},{name},{run}.5,0\n" for run in range(1, 7) for name in ("x", "y"))
    series = f"run,order,runtime,seconds,exit_status\n{runs}".encode()
    little.capture(CapturedFile("series.csv", series), host=EMULATED)
    ratio = "ratio: {file: series.csv, read: series median of y / x}\n"
    count = "count: {file: series.csv, read: series runs of x}\n"
    little.page("labs/lab12/facts.yml", FACTS + ratio + count)
    body = (
        '{% call claim("ratio == 1") %}It is {{ fact("ratio") }}{% endcall %}, in {{ fact("count") }} runs.'
    )
    page(little, body, "accept_emulated: true")
    little.build()
    marks = [part.count("ev-emulated") for part in html(little).split('class="ev-fact"')[1:]]
    assert marks == [2, 0]  # the value and its claim, whose own mark is hidden by a rule of claims.css


MISUSED = [
    ('{{ claim("a < 2 s") }}', "it binds no sentence"),
    ('{% call fact("a") %}x{% endcall %}', "fact takes no sentence"),
    ('{% call evidence("a.txt") %}x{% endcall %}', "evidence takes no sentence"),
    ('{% call claim("a < 2 s") %} {% endcall %}', "its sentence is empty"),
    ('{% call claim("a < 2 s") %}x\n\ny{% endcall %}', "a blank line is in its sentence"),
    ('{% call claim("a < 2 s") %}{{ evidence("a.txt") }}{% endcall %}', "a block is in its sentence"),
    ("{{ fact(5) }}", "the expression is 5"),
    ('{{ fact("a", unit=5) }}', "unit is 5"),
    ('{{ fact("a", unit="MB") }}', "cannot be given in MB"),
    ('{{ fact("a", decimals=-1) }}', "decimals is -1"),
    ('{{ fact("a", decimals="1") }}', "decimals is '1'"),
    ('{{ fact("kernel", decimals=1, lab="lab12") }}', "kernel is a text"),
    ('{{ fact("a < b") }}', "is a condition"),
    ('{{ fact("a", lab="lab99") }}', "there is no lab lab99"),
    ('{% set x = fact("a") %}nothing', "what it shows is not shown on the page"),
    ('## {{ fact("a") }}', "is in a code fence, a heading, an attribute or a title"),
    ('```\n{{ fact("a") }}\n```', "is in a code fence, a heading, an attribute or a title"),
    ('<p data-x="{{ fact("a") }}">x</p>', "is in a code fence, a heading, an attribute or a title"),
]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("body", "what"), MISUSED)
def test_a_misused_macro_is_named(little: Little, body: str, what: str) -> None:
    """Each with its line; the build fails, the rest of the page stays."""
    page(little, f"{body}\n\nThe rest.")
    built = little.build()
    assert built.returncode != 0
    assert what in built.stderr
    assert f"labs/lab12/task-1.md:{4 if '```' in body else 3}:" in built.stderr
    assert "The rest." in text(little)
    assert "slot-" not in html(little)
    assert "\ue000" not in html(little)


@pytest.mark.slow
def test_evidence_in_a_sentence_is_text(little: Little) -> None:
    """A value, a quoted line, a host: none becomes markup."""
    little.capture(
        CapturedFile("cpu.txt", b"model name : <img src=x onerror=alert(1)> *a* `b` |\n"), host=EMULATED
    )
    little.page("labs/lab12/facts.yml", f"{FACTS}cpu: {{file: cpu.txt, read: cpu}}\n")
    page(
        little,
        'On {{ fact("cpu") }}. ![{{ fact("cpu") }}](../../assets/mark.svg)',
        "accept_emulated: true",
    )
    built = little.build()
    assert built.returncode == 0, built.stderr
    assert "<img src=x" not in html(little)
    assert ">&lt;img src=x onerror=alert(1)&gt; *a* `b` |" in html(little)


@pytest.mark.slow
def test_a_reader_opens_what_a_sentence_stands_on(little: Little, browser: Browser) -> None:
    """With the mouse, with the keyboard and by touch, in light and dark; on paper nothing hangs open."""
    page(little, 'It takes {{ fact("a") }}. {% call claim("a < 2 s") %}Quick.{% endcall %}')
    assert little.build().returncode == 0
    sheet = browser.new_page()
    sheet.goto((little.site / "labs/lab12/task-1.html").as_uri())
    value, mark = sheet.locator(".ev-fact"), sheet.locator(".ev-mark")
    tip = value.locator(".ev-tip")
    assert not tip.is_visible()
    value.hover()
    assert tip.is_visible()
    sheet.mouse.move(0, 0)
    tip.wait_for(state="hidden")
    value.focus()
    assert tip.is_visible()
    sheet.keyboard.press("Tab")
    sheet.keyboard.press("Tab")
    opened = sheet.locator(".ev-mark + .ev-tip")
    assert not opened.is_visible()
    assert mark.evaluate("one => one === document.activeElement")
    sheet.keyboard.press("Enter")
    assert opened.is_visible()
    assert "a < 2 s" in opened.inner_text()
    sheet.keyboard.press("Escape")
    assert not opened.is_visible()
    value.focus()
    sheet.emulate_media(media="print")
    assert not tip.is_visible()
    sheet.close()
