"""Titles as people type them: letter case, accents, articles, and names in parentheses aside."""

import re
import unicodedata
from collections.abc import Iterable

import polars as pl

from tasks.core.vocabulary import ITEM, TITLE, Id

_TURNED = re.compile(r"^(.*),\s*(the|a|an|le|la|les|il|el|der|die|das)\s*$")
_ARTICLES = {"the", "teh", "a", "an", "le", "la", "les"}
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_ALSO = re.compile(r"^(?:a\.?k\.?a\.?\s*)", re.IGNORECASE)

Titles = dict[str, list[Id]]
"""By plain title the items that have it, the best known first; whole titles and parts of them."""


def plain_title(title: str) -> str:
    """A title to compare by: no case, accents, punctuation or article; "Matrix, The" turned."""
    spelt = title.lower().replace("&", " and ").replace("\u2019", "'")
    bare = unicodedata.normalize("NFKD", spelt)
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    turned = _TURNED.sub(r"\2 \1", letters.strip())
    words = re.findall(r"\w+", turned.replace("'", ""))
    return " ".join(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)


def titles_of(items: pl.DataFrame, counts: pl.DataFrame) -> Titles:
    """Every title of the catalogue, whole and by its parts: "City of God (Cidade de Deus)" is both.

    So is what stands before a colon. `counts` (item, count) of ratings, for items that have any.
    """
    known = items.select(ITEM, TITLE).join(counts, on=ITEM, how="left", maintain_order="left")
    ordered = known.sort("count", descending=True, nulls_last=True, maintain_order=True)
    titles: Titles = {}
    for item, title in ordered.select(ITEM, TITLE).iter_rows():
        for name in {plain_title(part): None for part in (title, *_parts(title))}:
            titles.setdefault(name, []).append(item)
    titles.pop("", None)
    return titles


def _parts(title: str) -> Iterable[str]:
    bare = _PARENTHESES.sub(" ", title)
    yield bare
    if ":" in bare:
        yield bare.partition(":")[0]
    for alias in _PARENTHESES.findall(title):
        if not alias.isdigit():
            yield _ALSO.sub("", alias)
