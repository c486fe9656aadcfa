"""A slot is found where its kind can stand, and nowhere else."""

from html import escape

import pytest

from labreport.report.pages.slots import SlotKind, Slots

SLOTS = Slots("0123456789abcdef" * 2)


def block(number: int) -> str:
    """Return the slot of a block."""
    return SLOTS.write(number, SlotKind.BLOCK)


def value(number: int) -> str:
    """Return the slot of a value."""
    return SLOTS.write(number, SlotKind.VALUE)


def test_a_paragraph_around_a_slot_goes_with_it() -> None:
    """Markdown wraps some slots in a paragraph, which cannot hold a block."""
    html = f"<li><p>{block(1)}</p></li><td>{block(2)}</td>"
    assert [html[slot.start : slot.end] for slot in SLOTS.find_placed(html)] == [
        f"<p>{block(1)}</p>",
        block(2),
    ]


@pytest.mark.parametrize(
    ("html", "numbers"),
    [
        (f"<a title='{block(1)}'>x</a><code>{escape(block(2))}</code>", []),
        (f'<img alt="{block(1)}"><p>{block(2)}</p>', [2]),
        (f"<p>{value(1)}</p><li>{value(2)}</li><td>{value(3)}</td>", [1, 2, 3]),
        (f"<h2>{value(1)}</h2><pre><code>{value(2)}</code></pre><p>{value(3)}</p>", [3]),
        (f'<p data-x="{value(1)}">{value(2)}</p>', [2]),
        (f"<h2>x</h2>{value(1)}<pre>y</pre>{value(2)}", [1, 2]),
        (f"{value(1)}<h2>{value(2)}</h2><p>{value(3)}</p><h3>x</h3><pre>{value(4)}</pre>", [1, 3]),
    ],
)
def test_where_a_slot_may_stand(html: str, numbers: list[int]) -> None:
    """A block not in an attribute or a fence; a value not in a heading either."""
    assert [slot.number for slot in SLOTS.find_placed(html)] == numbers
    assert SLOTS.token not in SLOTS.without(html)
    assert SLOTS.token[:8] not in SLOTS.without(html)


def test_where_a_value_is_text() -> None:
    """In code, a picture's text and a title there is no HTML."""
    html = f'<code>{value(1)}</code><img alt="{value(2)}"><a title="{value(3)}">{value(4)}</a>'
    assert [slot.as_text for slot in SLOTS.find_placed(html)] == [True, True, True, False]


def test_kinds_and_numbers_come_back() -> None:
    """Every slot of a text is found, in order."""
    text = " ".join(SLOTS.write(number, kind) for number, kind in enumerate(SlotKind, 7))
    assert [(slot.number, slot.kind) for slot in SLOTS.find(text)] == list(enumerate(SlotKind, 7))


def test_another_pass_has_other_slots() -> None:
    """Each draws its own token, and finds no other."""
    one, other = Slots(), Slots()
    assert one.token != other.token
    assert other.find(one.write(1, SlotKind.BLOCK) + one.write(2, SlotKind.VALUE)) == []


def test_a_token_cannot_be_guessed() -> None:
    """It has 128 bits."""
    assert len(bytes.fromhex(Slots().token)) >= 16


@pytest.mark.parametrize(
    "html",
    [
        value(1) + "<h1>" * 100_000,
        value(1) + "<code>" * 100_000,
        f"<p>{value(1) * 50_000}</p>",
        f'<img alt="{value(1) * 50_000}">',
        f"<p>{block(1) * 50_000}</p>",
    ],
    ids=lambda html: html[17:30],
)
def test_slots_of_a_long_page(html: str) -> None:
    """Finding where each stands takes no more than reading the page; with its length squared, minutes."""
    assert len(SLOTS.find_placed(html)) == len(SLOTS.find(html))


def test_a_quote_in_a_text_is_no_attribute() -> None:
    """What is before a tag says nothing of the attribute in it."""
    assert SLOTS.find_placed(f' title="<a data-x={value(1)}>') == []
