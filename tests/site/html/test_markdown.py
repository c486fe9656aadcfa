"""What Markdown makes of tables and task lists, with a name for each part."""

import markdown

from labreport.site.defaults import EXTENSIONS
from labreport.site.html.markdown import accessible

OPTIONS = {"extensions": list(EXTENSIONS), "extension_configs": {k: dict(v) for k, v in EXTENSIONS.items()}}


def made_of(text: str) -> str:
    """Return the HTML of a page, as the site has it."""
    return accessible(markdown.markdown(text, **OPTIONS))


def test_a_checkbox_says_what_it_means() -> None:
    """Each has the name of its state, and the text of its item stays as it is."""
    html = made_of("- [ ] open\n- [x] closed\n")
    assert html.count("aria-label") == 2
    assert '<input type="checkbox" disabled aria-label="to do"/>' in html
    assert '<input type="checkbox" disabled checked aria-label="done"/>' in html


def test_a_header_without_text_is_a_cell() -> None:
    """Its alignment stays; a header with text stays a header, and so does one in a code block."""
    html = made_of("| | a | |\n|---|---|:-:|\n| x | y | z |\n\n    <th></th>\n")
    assert html.count("<th>") == 1
    assert '<td style="text-align: center;"></td>' in html
    assert html.partition("</table>")[2].count("th") == 2
