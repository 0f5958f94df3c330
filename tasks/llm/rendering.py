"""Persons and items as a model reads them: untrusted text, delimited, cleaned and capped."""

import hashlib
from collections.abc import Collection
from functools import lru_cache
from unicodedata import category

from tasks.core.vocabulary import ItemText, Profile
from tasks.llm.options import ShownPart
from tasks.llm.probabilities import MARKS

LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 320
LONGEST_TASTE = 600
"""Characters; 320 keep all of nine plots in ten of MovieLens, at about 75 tokens."""

LOOKED_AT = 8
"""Times the cap that is looked at, so that a text of megabytes costs no time."""

VOTES_OF_FULL_POPULARITY = 1_000_000

_FENCES = str.maketrans({"<": "\u2039", ">": "\u203a"})


@lru_cache(maxsize=50_000)
def clean(text: str, longest: int) -> str:
    """One line without control or direction characters, unable to close the tag it stands in."""
    shown = text[: longest * LOOKED_AT].translate(_FENCES)
    line = " ".join("".join(" " if category(c)[0] == "C" else c for c in shown).split())
    if len(line) <= longest:
        return line
    whole_words = line[: longest - 1].rpartition(" ")[0]
    return (whole_words if len(whole_words) > longest // 2 else line[: longest - 1]) + "…"


def person_block(profile: Profile) -> str:
    """What is known of a person's taste; equal for people of whom the same is known."""
    lines = []
    if profile.text:
        lines.append(f"In their words: {clean(profile.text, LONGEST_TASTE)}")
    if profile.favourites:
        named = "; ".join(
            f"{clean(f.title, LONGEST_TITLE)} {f.rating:g}" for f in profile.favourites
        )
        lines.append(f"Rated highest: {named}")
    if profile.year_low is not None and profile.year_high is not None:
        lines.append(f"Mostly from {profile.year_low} to {profile.year_high}")
    if profile.prioritize_ratings:
        lines.append("Cares about good ratings")
    if profile.prioritize_popular:
        lines.append("Likes what is popular")
    return "\n".join(["<person>", *lines, "</person>"])


def rated_block(profile: Profile, scale: tuple[float, float]) -> str:
    """A person shown by their own ratings as marks from 0 to 9, which the `scale` is mapped to."""
    lines = []
    if profile.text:
        lines.append(f"In their words: {clean(profile.text, LONGEST_TASTE)}")
    low, high = scale
    for rated in profile.rated:
        item = ItemText(item=0, text="", **rated.model_dump(include={"title", "year", "genres"}))
        mark = round(MARKS[-1] * (rated.rating - low) / (high - low))
        lines.append(f"{plain_line(item)}: {mark}")
    return "\n".join(["<person>", *lines, "</person>"])


def plain_line(item: ItemText, shown: Collection[ShownPart] = ("year", "genres")) -> str:
    """One item beside ratings, as in "Heat (1995). Action, Crime"."""
    return item_line(item, shown).removesuffix(".")


def item_line(item: ItemText, shown: Collection[ShownPart], estimate: float | None = None) -> str:
    """One item, as in "Heat (1995). Action, Crime. A group of ... Rating 8.3. Popularity 66.".

    Popularity is PAPER.md's: min(100, 100 x votes / 1,000,000). `estimate` in [-1, 1].
    """
    title = clean(item.title, LONGEST_TITLE)
    parts = [f"{title} ({item.year})." if item.year and "year" in shown else f"{title}."]
    if item.genres and "genres" in shown:
        parts.append(f"{clean(item.genres.replace('|', ', '), LONGEST_TITLE)}.")
    if item.description and "description" in shown:
        parts.append(clean(item.description, LONGEST_DESCRIPTION))
    if item.tags and "tags" in shown:
        parts.append(f"Tags: {clean(item.tags, LONGEST_TITLE)}.")
    if item.quality is not None and "rating" in shown:
        parts.append(f"Rating {item.quality:.1f}.")
    if item.votes is not None and "popularity" in shown:
        popularity = min(100, round(100 * item.votes / VOTES_OF_FULL_POPULARITY))
        parts.append(f"Popularity {popularity}.")
    if estimate is not None and "estimate" in shown:
        parts.append(f"Estimate {estimate:.2f}.")
    return " ".join(parts)


def fingerprint(text: str) -> str:
    """Short hash under which what was shown is kept in the ledger."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
