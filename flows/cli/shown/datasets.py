"""Which data sets there are, and how to bring one's own."""

import polars as pl

from flows.cli.shown.tables import console, show_table
from tasks.data.catalogue import CONVERTIBLE, DATA_DIR, NAMED

FORMATS = """\
A folder, --data DIR, may hold
  MovieLens CSV    ratings.csv (userId,movieId,rating,timestamp), movies.csv (movieId,title,genres);
                   optional: descriptions.csv (movieId,description), tags.csv (userId,movieId,tag),
                   imdb_scores.csv (movieId,imdb_rating,imdb_votes), links.csv (movieId,tmdbId)
  generic          ratings.parquet or .csv (user,item,rating; optional timestamp in seconds),
                   items.parquet or .csv (item,title; optional year, genres joined by "|",
                   description, quality, votes, tmdb_id), and optionally dataset.toml (name, noun,
                   noun_plural, scale = [lowest, highest], relevant_at, source, terms)
In both, ratings that arrive later may lie as further .csv or .parquet files of the same columns in
a folder `ratings` beside the first. Of a pair's ratings the latest counts: by timestamp or, without
timestamps or where they are equal, by place, files in the order of their names."""


def show_datasets() -> None:
    """The data sets known by name, those that grids name, then the folder formats."""
    rows = [{"--data": n.name, "size": n.size, "comes": n.comes, "terms": n.terms} for n in NAMED]
    show_table(pl.DataFrame(rows), "Data sets by name")
    console.print(
        f"Grids find data sets by name in the folders of ${DATA_DIR}. Where they come from, and how"
        " to write each into such a folder in the generic format below (but for ml-latest-small):",
        soft_wrap=True,
    )
    for known in CONVERTIBLE:
        console.print(f"  {known.name}", highlight=False)
        for line in (known.source, f"terms: {known.terms}", f"convert: {known.convert}"):
            console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(FORMATS, highlight=False, markup=False, soft_wrap=True)
