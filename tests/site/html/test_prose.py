"""Terms are explained in sentences only, and links to other sites are safe."""

import pytest

from labreport.report.pages.slots import SlotKind, Slots
from labreport.site.html.prose import explain_terms, link_safely

TERMS = {"shim": 'a "process" <b>', "VMM": "monitor", "bind mount": "a folder"}
SHIM = '<abbr title="a &#34;process&#34; &lt;b&gt;">{}</abbr>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>The shim, a shim</p>", f"<p>The {SHIM.format('shim')}, a shim</p>"),
        ("<p>Shims</p>", f"<p>{SHIM.format('Shims')}</p>"),
        ("<li>a bind mount</li>", '<li>a <abbr title="a folder">bind mount</abbr></li>'),
        ("<h2>shim</h2><p>shim</p>", f"<h2>shim</h2><p>{SHIM.format('shim')}</p>"),
    ],
)
def test_the_first_occurrence_is_explained(html: str, expected: str) -> None:
    """In the plural and with a capital letter, too; headings do not count."""
    assert explain_terms(html, TERMS) == expected


@pytest.mark.parametrize(
    "html",
    [
        "<code>shim</code><pre><span>shim</span> shim</pre>",
        '<a href="shim">shim <em>shim</em></a>',
        "<img alt=\"shim > shim\"><p title='> shim'>x</p>",
        "<h1>shim</h1><svg><text>shim</text></svg><script>shim</script><style>shim</style>",
        "<!-- shim --><p>shimmy, vmm, re-shim, shim-v2, shim_x</p>",
        f"<p>{Slots('shim-vmm' * 4).write(1, SlotKind.VALUE)}</p>",
    ],
)
def test_what_is_no_sentence_stays_as_it_is(html: str) -> None:
    """Code, links, headings, attributes, comments, parts of words, and the slots of macros."""
    assert explain_terms(html, {**TERMS, "shim-vmm": "x"}) == html


def test_without_terms_nothing_changes() -> None:
    """A lab need not have a glossary."""
    assert explain_terms("<p>shim</p>", {}) == "<p>shim</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://x/">x</a>', '<a rel="noopener" href="https://x/">x</a>'),
        ('<a class="y" href="http://x">x</a>', '<a rel="noopener" class="y" href="http://x">x</a>'),
        ('<a href="https://x/" rel="me">x</a>', '<a href="https://x/" rel="me">x</a>'),
        ('<a href="task-1.html">x</a>', '<a href="task-1.html">x</a>'),
        ('<abbr href="https://x">x</abbr>', '<abbr href="https://x">x</abbr>'),
    ],
)
def test_a_link_to_another_site_is_safe(html: str, expected: str) -> None:
    """A link within the site, and one that says its relation, stay as they are."""
    assert link_safely(html) == expected
