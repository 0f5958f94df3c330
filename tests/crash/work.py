"""What a victim asks for: the same people and items in every run, and the scores they must get."""

from tasks.llm.item_asking import PersonItems
from tasks.llm.rendering import fingerprint
from tests.support.fake_llm.answers import score_of

Pair = tuple[str, str]
"""Fingerprints of a person's block and of an item's line."""


def made_up(people: int, items: int) -> list[PersonItems]:
    lines = [f"Film {n} ({1950 + n % 70}). Drama. Somebody loses number {n}." for n in range(items)]
    return [
        PersonItems(f"<person>\nIn their words: my number is {n}\n</person>", lines)
        for n in range(people)
    ]


def expected(people: list[PersonItems]) -> dict[Pair, float]:
    scores = {fingerprint(line): score_of(line) for line in people[0].lines}
    whom = [fingerprint(person.block) for person in people]
    return {(person, item): score for person in whom for item, score in scores.items()}
