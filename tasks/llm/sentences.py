"""Sentences that say why: the way of asking for one per item, and what counts as one.

A sentence counts if the title beside it is the item's: then it was written about this item and no
other. One that stands twice in an answer is about nothing, and one with an address advertises.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from tasks.llm.answers import Found, checked
from tasks.llm.rendering import LONGEST_TITLE, clean, fingerprint
from tasks.llm.ways import Way

LONGEST_WHY = 200
"""Characters."""

TOKENS_PER_SENTENCE = 55
"""What an answer takes per item, with its title."""

_YEAR = re.compile(r"\(\d{4}\)")
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"://|www\.|\S@\S|\b[\w-]+\.(?:com|net|org|info|io)\b", re.IGNORECASE)

OF_ITEM = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "why": {"type": "string"}},
    "required": ["title", "why"],
    "additionalProperties": False,
}


def sentences_of(titles: Sequence[str]) -> Way[str]:
    """The way of asking about items with these titles (as `title_print` gives them)."""

    def read(text: str, members: Mapping[str, int], check: float) -> Found[str]:
        return read_sentences(text, {k: titles[place] for k, place in members.items()}, check)

    return Way("explain", OF_ITEM, read, room=110, usual=TOKENS_PER_SENTENCE)


def read_sentences(text: str, titles: Mapping[str, str], check: float) -> Found[str]:
    """The sentences by key, each one clean line of 200 characters at most."""
    answer, canary = checked(text, check)
    said = {key: _sentence(answer.get(key), title) for key, title in titles.items()}
    found = {key: why for key, why in said.items() if why}
    times = Counter(why.casefold() for why in found.values())
    return Found({k: why for k, why in found.items() if times[why.casefold()] == 1}, canary)


def title_print(title: str) -> str:
    """A hash that is the same for "Matrix, The" and "The Matrix (1999)"."""
    shown = clean(title, LONGEST_TITLE).casefold()
    words = sorted(_WORD.findall(_YEAR.sub("", shown)))
    return fingerprint(" ".join(words) or shown)


def _sentence(said: object, title: str) -> str | None:
    parts = said if isinstance(said, dict) else {}
    named, why = parts.get("title"), parts.get("why")
    if not isinstance(named, str) or not isinstance(why, str) or title_print(named) != title:
        return None
    line = clean(why, LONGEST_WHY)
    return None if _ADDRESS.search(line) else line
