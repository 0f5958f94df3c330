"""Small catalogues in which typed titles are looked for."""

import polars as pl

from tasks.data.finding import KnownTitles


def table(*rows):
    return pl.DataFrame(
        rows, schema={"item": pl.Int64, "title": pl.String, "year": pl.Int32}, orient="row"
    )


def catalogue(*rows, known=None):
    """Of (item, title, year); by item how often it is rated, once where nothing is said."""
    counts = {item: 1 for item, _, _ in rows} | (known or {})
    kinds = {"item": pl.Int64, "count": pl.UInt32}
    return KnownTitles.of(table(*rows), pl.DataFrame(list(counts.items()), kinds, orient="row"))
