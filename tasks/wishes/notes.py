"""What is to be said of a wish where the reader is: what was understood, and what nothing meets."""

import numpy as np

from tasks.core.vocabulary import TITLE
from tasks.wishes.asked import ReadWish, Shelves
from tasks.wishes.index import words_of
from tasks.wishes.reading import Wish

MOST_UNKNOWN = 0.5
"""The share of a wish's words unknown to the catalogue, above which it may be another language."""
NEAREST, TENTH = 0.50, 0.42
"""Cosines that the nearest text and the tenth have of a wish that a catalogue meets, as a rule."""
FEW = 3
"""So many items that have all words of a wish are something that meets it, whatever the cosines."""


def notes_of(answer: ReadWish, shelves: Shelves) -> list[str]:
    """A sentence each: exceptions, years, titles, unknown words, and that nothing is close."""
    if answer.met is None:
        return ["These words say nothing: the list is made without them."]
    return [*_understood(answer.wish, shelves), *_missing(answer, shelves)]


def _understood(wish: Wish, shelves: Shelves) -> list[str]:
    said = []
    avoided = [shelves.items[TITLE][shelves.places[item]] for item in wish.avoided]
    if wish.unwanted or avoided:
        said.append(f"Left out: {', '.join([*wish.unwanted, *avoided])}.")
    if wish.first_year or wish.last_year:
        said.append(f"Years: {wish.first_year or 'any'} to {wish.last_year or 'any'}.")
    if wish.titles:
        titles = [shelves.items[TITLE][shelves.places[item]] for item in wish.titles]
        said.append(f"Like {', '.join(titles)}, by its text.")
    return said


def _missing(answer: ReadWish, shelves: Shelves) -> list[str]:
    wish, met = answer.wish, answer.met
    if met is None or not np.isfinite(met.scores).any():
        return ["No item is left by these words; they are passed over."]
    unknown = shelves.catalogue.terms.unknown(wish.wanted)
    mostly = len(unknown) > MOST_UNKNOWN * len(words_of(wish.wanted))
    said = []
    if mostly or _is_far(answer, shelves):
        said.append(f"Nothing here is close to '{wish.wanted}'. The nearest are listed.")
    if unknown:
        said.append(f"No text here says {' or '.join(unknown)}.")
    if mostly:
        said.append("Words of another language than English are understood badly, if these are.")
    return said


def _is_far(answer: ReadWish, shelves: Shelves) -> bool:
    wish, met = answer.wish, answer.met
    if met is None or not wish.wanted or wish.titles:
        return False
    if int(shelves.catalogue.terms.holds(wish.wanted).sum()) >= FEW:
        return False
    near = np.sort(met.likeness[np.isfinite(met.scores)])[::-1]
    return bool(near[0] < NEAREST and near[min(9, len(near) - 1)] < TENTH)
