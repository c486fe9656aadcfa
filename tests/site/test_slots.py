"""A slot is filled wherever a block can stand, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from labreport.report.source.cite import RENDERED, published
from labreport.site.html.environment import verbatim
from labreport.site.slots import Slots


def test_a_paragraph_around_a_slot_goes_with_it() -> None:
    """Markdown wraps some slots in a paragraph, which cannot hold a block."""
    slots = Slots()
    page = f"<li><p>{slots.put('A')}</p></li><td>{slots.put('B')}</td>"
    assert slots.fill(page) == ("<li>A</li><td>B</td>", [])


def test_what_fills_a_slot_is_not_read_again() -> None:
    """Evidence that looks like a slot, even with the token, stays text."""
    slots = Slots()
    forged = slots.put("SECRET")
    assert slots.fill(slots.put(forged) + forged)[0] == forged + "SECRET"


def test_a_slot_in_an_attribute_or_a_fence_is_lost() -> None:
    """Neither is filled, and the token leaves the page."""
    slots = Slots()
    page = (
        f"<a title='{slots.put('A')}'>x</a><code>{verbatim(slots.put('B'))}</code><!-- {slots.put('C')} -->"
    )
    filled, lost = slots.fill(page)
    assert lost == [1, 2, 3]
    assert slots.token not in filled


def test_tokens_are_not_repeated() -> None:
    """Each build draws its own."""
    assert Slots().token != Slots().token


@given(st.text(alphabet="&<>\"'\r\n\tax;#", max_size=20))
def test_verbatim_leaves_nothing_to_markup(text: str) -> None:
    """No tag, no attribute's end, no bare carriage return is left."""
    assert not set(verbatim(text)) & set("<>\"'\r")


@given(st.lists(st.sampled_from(["a", "b", ".html", ".SVG", ".txt", ".log"]), min_size=1, max_size=5))
def test_published_names_are_safe_and_different(parts: list[str]) -> None:
    """No published name ends as a browser would run it, and no two files share one."""
    name = "x" + "".join(parts)
    assert published(name).rpartition(".")[2].lower() not in RENDERED
    assert published(name) != published(f"{name}.txt")
