"""People to ask about in batches, and what is right to ask and to answer of them."""

from collections import Counter
from collections.abc import Sequence

from tasks.llm.item_asking import PersonItems
from tests.support.fake_llm.answers import score_of

Scores = list[list[float | None]]
Pairs = Counter[tuple[str, str]]


def person(name: str, items: int = 8) -> PersonItems:
    """Somebody to whom films are shown that nobody else is shown."""
    block = f"<person>\nIn their words: I am {name}.\n</person>"
    return PersonItems(block, [f"Film {n:02d} for {name}." for n in range(items)])


def people(*names: str, items: int = 8) -> list[PersonItems]:
    return [person(name, items) for name in names]


def right(asked: Sequence[PersonItems]) -> Scores:
    """The scores that a healthy model gives."""
    return [[score_of(line) for line in each.lines] for each in asked]


def once(asked: Sequence[PersonItems]) -> Pairs:
    """Every pair of theirs, once."""
    return Counter((each.block, line) for each in asked for line in each.lines)
