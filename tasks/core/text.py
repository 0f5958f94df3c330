"""The cleaning that every text from outside goes through before a model reads it."""

import polars as pl

LONGEST = 2_000
"""Characters kept of any one text."""


def plain(text: pl.Expr) -> pl.Expr:
    """One line without control characters, runs of blanks folded, at most LONGEST characters."""
    folded = text.str.replace_all(r"[\p{C}\s]+", " ").str.strip_chars()
    return folded.str.slice(0, LONGEST).str.strip_chars_end()
