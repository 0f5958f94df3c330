"""What is compared, and what can come of it."""

from typing import Literal

import numpy as np

from tasks.core.vocabulary import Record

ListName = Literal["base", "reranked"]
Chosen = Literal["base", "reranked", "neither"]
Letter = Literal["A", "B"]
LETTERS: tuple[Letter, Letter] = ("A", "B")


class Shown(Record):
    """An item as the page shows it; its words are untrusted."""

    item: str
    title: str
    year: int | None = None
    genres: str | None = None


class Pair(Record):
    """One person's two lists, best first, and the method that made them.

    `run_id` and `user` are null for a new person, whose lists are of no night.
    """

    dataset: str
    model: str
    scorer: str
    reranker: str
    base: tuple[Shown, ...]
    reranked: tuple[Shown, ...]
    run_id: str | None = None
    user: str | None = None

    @property
    def same(self) -> bool:
        """Whether there is nothing to choose: the same items in the same order."""
        return [one.item for one in self.base] == [one.item for one in self.reranked]

    def named(self, name: ListName) -> tuple[Shown, ...]:
        """The list of that name."""
        return self.base if name == "base" else self.reranked


class Draw(Record):
    """Which list stands first, as A, and the seed that decided it."""

    seed: int
    first: ListName

    def list_at(self, letter: Letter) -> ListName:
        """The list that the page calls by this letter."""
        second: ListName = "reranked" if self.first == "base" else "base"
        return self.first if letter == "A" else second

    def letter_of(self, name: ListName) -> Letter:
        """The letter by which the page calls this list."""
        return "A" if name == self.first else "B"


def draw(seed: int) -> Draw:
    """A fair coin, thrown by the seed alone."""
    heads = np.random.default_rng(seed).integers(2)
    return Draw(seed=seed, first="reranked" if heads else "base")
