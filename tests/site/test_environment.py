"""HTML that is put in late, and verbatim text."""

import re

from hypothesis import given
from hypothesis import strategies as st

from labreport.site.html.environment import LateHtml, verbatim


def test_late_html_is_put_in_once_more() -> None:
    """A page that is written again has it again, and the text that the search read is replaced."""
    late = LateHtml()
    page = f"<p>{late.put_late('<b>tip</b>', 'value')} and {late.put_late(lambda: 'table')}</p>"
    assert re.sub("<!--.*?-->", "", page) == "<p>value and </p>"
    assert late.fill_late(page) == late.fill_late(page) == "<p><b>tip</b> and table</p>"


def test_what_is_put_in_late_is_not_read_again() -> None:
    """Evidence that looks like the comment, even with the token, stays text."""
    late = LateHtml()
    forged = late.put_late("SECRET")
    assert late.fill_late(late.put_late(forged)) == forged


@given(st.text(alphabet="&<>\"'\r\n\tax;#", max_size=20))
def test_verbatim_leaves_nothing_to_markup(text: str) -> None:
    """No tag, no attribute's end, no bare carriage return is left."""
    assert not set(verbatim(text)) & set("<>\"'\r")
