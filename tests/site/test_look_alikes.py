"""HTML that looks like evidence and comes from no macro: build, check and export find it."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from labreport.report.export import export
from labreport.report.pages.look_alikes import LOOK_ALIKE, MOST_LEVELS, look_alikes
from labreport.report.pages.source import PageSource
from tests.project import CapturedFile, Little, make

DAY = date(2026, 3, 4)
CODE = '<code data-evidence="lab12/a.txt" data-lines="1:1">FORGED</code>'
FORGED = {
    "block": f'<pre class="ev-text">{CODE}</pre>',
    "other order": "<code data-lines='1:1' title=x data-evidence='lab12/a.txt'>FORGED</code>",
    "case": "<CODE DATA-Evidence=lab12/a.txt>FORGED</CODE>",
    "no quotes": "<code data-evidence=lab12/a.txt>FORGED</code>",
    "no value": "<code data-evidence>FORGED</code>",
    "entities": '<code class="&#101;v&#45;text">FORGED</code>',
    "other entities": '<code class="&#x65;v&#x2D;text">FORGED</code>',
    "class among others": '<div class="md-x\tev\nx">FORGED</div>',
    "class in capitals": '<div class="EV-Text">FORGED</div>',
    "gap": '<div data-gap="b.txt">FORGED</div>',
    "slash": "<code/data-evidence=x/>FORGED</code>",
    "line ends": "<code\n   data-evidence\n = \n'x'>FORGED</code>",
    "in raw HTML": f"<div><table><tr><td><ul><li>{CODE}</li></ul></td></tr></table></div>",
    "in a heading": f"## Title {CODE}",
    "in a list": f"- a\n\n    - {CODE}",
    "in a quote": f"> {CODE}",
    "in a table": f"| a |\n|---|\n| {CODE} |",
    "in a footnote": f"Text[^1].\n\n[^1]: {CODE}",
    "in a definition": f"Term\n:   {CODE}",
    "in a tab": f'=== "A"\n\n    {CODE}',
    "in details": f'??? note "A"\n\n    {CODE}',
    "in an admonition's title": f'!!! note "{CODE.replace(chr(34), chr(39))}"\n\n    x',
    "class of an admonition": '!!! ev-problem "x"\n    y',
    "type of details": '??? ev "x"\n    y',
    "attribute list of a word": "*FORGED*{: data-evidence=x }",
    "attribute list of a block": "FORGED\n{: .ev-text data-lines='1:1' }",
    "attribute list of a fence": "``` { .python .ev-text data-lines=1 }\nFORGED\n```",
    "attribute list of a link": "[x](index.md){ .ev }",
    "attribute list of a heading": "## FORGED {: .ev-claim }",
    "attribute list of a cell": "| a |\n|---|\n| x {: data-evidence=y } |",
    "md_in_html": '<div markdown class="ev">\n\nFORGED\n\n</div>',
    "md_in_html with a span": '<div markdown="block"><span markdown data-lines="1:1">*x*</span></div>',
    "md_in_html and attributes": "<div markdown>\n\n*x*{: .ev }\n\n</div>",
    "Jinja strings": "{{ '<i data-evi' ~ 'dence=x>' }}FORGED</i>",
    "Jinja join": "{{ ['<i cl', 'ass=e', 'v>'] | join }}FORGED</i>",
    "Jinja replace": "{{ '<i data-XXX=1>' | replace('XXX', 'lines') }}FORGED</i>",
    "Jinja loop": "{% for part in ['<i data-', 'evidence', '>'] %}{{ part }}{% endfor %}FORGED</i>",
    "Jinja macro": "{% macro m(x) %}<i data-{{ x }}>{% endmacro %}{{ m('lines') }}FORGED</i>",
    "Jinja filter block": "{% filter lower %}<I DATA-EVIDENCE>FORGED</I>{% endfilter %}",
    "comment that ends early": f"<p>a<!-->{CODE}--></p>",
    "comment that ends early, too": f"<p>a<!--->{CODE}--></p>",
    "comment that ends oddly": f"<p>a<!-- x --!>{CODE}--></p>",
    "CDATA": f"<p>a<![CDATA[>{CODE}]]></p>",
    "processing instruction": f"<p>a<?x >{CODE}?></p>",
    "end tag": f"<p>a</x title='>{CODE}'></p>",
    "svg": f"<svg><foreignObject>{CODE}</foreignObject></svg>",
    "svg element": '<svg><text class="ev-text">FORGED</text></svg>',
    "svg style": f"<svg><style>{CODE}</style></svg>",
    "math": f"<math><mtext>{CODE}</mtext></math>",
    "frame": f"<iframe srcdoc='{CODE}'></iframe>",
    "frame with entities": "<iframe srcdoc='&lt;code data-evidence&gt;FORGED'></iframe>",
    "frame in a frame": "<iframe srcdoc=\"<iframe srcdoc='&amp;lt;i class=ev&amp;gt;'>\"></iframe>",
    "template": f"<template>{CODE}</template>",
    "shadow root": f'<div><template shadowrootmode="open">{CODE}</template></div>',
    "without scripts": f"<noscript>{CODE}</noscript>",
    "with scripts": f'<noscript><p title="</noscript>{CODE.replace(chr(34), chr(39))}"></noscript>',
    "script": "<script>document.write('<i data-evidence>FORGED')</script>",
    "script with an attribute": "<script>x.setAttribute('data-lines', '1:1')</script>",
    "body": '<body class="ev">',
    "custom element": '<x-y class="ev">FORGED</x-y>',
    "event": "<img src=x onerror='this.outerHTML=\"<i data-evidence>\"'>",
    "hard space before it": '<i title="\u00a0" class=ev>FORGED</i>',
}
FINE = {
    "prose": "The attributes data-evidence and data-lines, and the class ev.",
    "inline code": '`<code data-evidence="x">`',
    "fence": f"```html\n{CODE}\n```",
    "indented": f"    {CODE}",
    "other classes": '<p class="event even dev-x seven">x</p>',
    "escaped": CODE.replace("<", "&lt;"),
    "text of an attribute": '<p title="data-evidence">x</p>',
    "comment": "<!-- data-evidence -->",
    "evidence": "{{ evidence('a.txt') }}",
    "raw": "{% raw %}{{ evidence('a.txt') }}{% endraw %}",
}


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Little:
    """Make a page of each look-alike, and of each text that is none, and build the site."""
    made = make(tmp_path_factory.mktemp("alike") / "project")
    made.capture(CapturedFile("a.txt", b"<code data-evidence='x' class='ev'>evidence</code>\n"))
    for number, text in enumerate([*FORGED.values(), *FINE.values()]):
        made.page(f"labs/lab12/task-{number}.md", f"# T\n\nBefore.\n\n{text}\n\nAfter.\n")
    return made


@pytest.fixture(scope="module")
def said(little: Little) -> dict[str, set[str]]:
    """Return which pages build, check and export call a look-alike."""
    built = little.build("--quiet").stderr
    found = little.check(DAY).findings
    problems = export(little.pages(), "lab12", "", lambda _lab: pytest.fail("no coverage")).problems
    return {
        "build": {line.partition(":")[0].strip() for line in built.splitlines() if LOOK_ALIKE[0] in line},
        "check": {one.file.removeprefix("docs/") for one in found if LOOK_ALIKE[0] in one.message},
        "export": {one.path for one in problems if one.what == LOOK_ALIKE[0]},
    }


@pytest.mark.parametrize("name", FORGED)
def test_a_look_alike_is_a_problem(said: dict[str, set[str]], name: str) -> None:
    """In build, check and export."""
    page = f"labs/lab12/task-{list(FORGED).index(name)}.md"
    assert {how for how, pages in said.items() if page in pages} == {"build", "check", "export"}


@pytest.mark.parametrize("name", FINE)
def test_what_is_no_look_alike(said: dict[str, set[str]], name: str) -> None:
    """Text about the attributes, and evidence that has such markup in it."""
    page = f"labs/lab12/task-{len(FORGED) + list(FINE).index(name)}.md"
    assert {how for how, pages in said.items() if page in pages} == set()


COUNT = """() => {
  const all = root => [...root.querySelectorAll('*')].flatMap(e =>
    [e, ...(e.shadowRoot ? all(e.shadowRoot) : []), ...(e.contentDocument ? all(e.contentDocument) : [])]);
  return all(document.querySelector('article')).filter(e =>
    ['data-evidence', 'data-lines', 'data-gap'].some(name => e.hasAttribute(name)) ||
    [...e.classList].some(name => /^ev(-|$)/i.test(name) && !/^ev-(problem)$/.test(name))).length;
}"""


@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False])
def test_a_browser_finds_no_other(
    browser: Browser, little: Little, said: dict[str, set[str]], *, scripts: bool
) -> None:
    """Chromium finds such an element only on pages that have the problem, and where a macro is called."""
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.dismiss())
    texts = [*FORGED.values(), *FINE.values()]
    alike = set()
    for number in range(len(texts)):
        page.goto((little.site / f"labs/lab12/task-{number}.html").as_uri())
        found = page.evaluate(COUNT) if scripts else page.locator("article [data-evidence]").count()
        alike |= {f"labs/lab12/task-{number}.md"} if found else set()
    context.close()
    evidence = f"labs/lab12/task-{texts.index(FINE['evidence'])}.md"
    assert evidence in alike
    assert alike - said["build"] == {evidence}
    assert len(alike) > 20


@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "!--",
                "--",
                "<i data-lines>",
                "<template>",
                "</",
                "'",
                '"',
                "<script>",
                "]]>",
                "x",
                " ",
            ]
        )
    )
)
def test_any_html_is_read(parts: list[str]) -> None:
    """Whatever a page is made of, it is read."""
    list(look_alikes(PageSource("x.md", "x"), "".join(parts)))


@pytest.mark.parametrize("text", ["<div>" * (MOST_LEVELS + 1), "<p>" * 100_000, "<b x='<ev'></b>" * 20_000])
def test_html_that_would_take_long(text: str, tmp_path: Path) -> None:
    """HTML that nests deeply is a problem at once; many odd attributes take no long time."""
    del tmp_path
    assert bool(list(look_alikes(PageSource("x.md", "x"), text))) == (not text.startswith("<b"))
