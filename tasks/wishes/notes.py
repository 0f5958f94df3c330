"""What is to be said of a wish where the reader is: what was understood, and what nothing meets."""

import numpy as np

from tasks.wishes.asked import Answer, Shelves
from tasks.wishes.index import words_of

FEWEST_KNOWN = 0.5
"""The share of a wish's words that the catalogue knows, below which it may be another language."""
NEAREST, TENTH = 0.50, 0.42
"""Cosines that the nearest text and the tenth have of a wish that a catalogue meets, as a rule."""
FEW = 3
"""So many items that have all words of a wish are something that meets it, whatever the cosines."""


def notes_of(answer: Answer, shelves: Shelves) -> list[str]:
    """A sentence each: exceptions, years, titles, strange words, and that nothing is close."""
    wish, met = answer.wish, answer.met
    if met is None:
        return ["These words say nothing: the list is made without them."]
    said = []
    if wish.unwanted:
        said.append(f"Left out: {', '.join(wish.unwanted)}.")
    if wish.first_year or wish.last_year:
        said.append(f"Years: {wish.first_year or 'any'} to {wish.last_year or 'any'}.")
    if wish.titles:
        titles = [shelves.items["title"][shelves.places[item]] for item in wish.titles]
        said.append(f"Like {', '.join(titles)}, by its text.")
    if not np.isfinite(met.scores).any():
        return [*said, "No item is left by these words; they are passed over."]
    unknown = shelves.catalogue.terms.unknown(wish.wanted)
    if unknown or _is_far(answer, shelves):
        why = f": no text says {', '.join(unknown)}" if unknown else ""
        said.append(f"Nothing here is close to '{wish.wanted}'{why}. The nearest are listed.")
    if len(unknown) > FEWEST_KNOWN * len(words_of(wish.wanted)):
        said.append("Texts are compared in English; other languages are understood badly.")
    return said


def _is_far(answer: Answer, shelves: Shelves) -> bool:
    wish, met = answer.wish, answer.met
    if met is None or not wish.wanted or wish.titles:
        return False
    if int(shelves.catalogue.terms.holds(wish.wanted).sum()) >= FEW:
        return False
    near = np.sort(met.likeness[np.isfinite(met.scores)])[::-1]
    return bool(near[0] < NEAREST and near[min(9, len(near) - 1)] < TENTH)
