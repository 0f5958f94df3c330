"""Seeded data sets of our own making, for tests that need a folder but no particular ratings."""

from pathlib import Path

import numpy as np
import polars as pl

MOVIES = (
    (1, "Heat (1995)", "Action|Crime", 949),
    (2, "Matrix, The (1999)", "Action|Sci-Fi", None),
    (3, "Smoke (1995)", "Comedy|Drama", 10149),
)

WORDS = (
    *("river", "night", "engine", "garden", "letter", "winter", "captain", "silver", "island"),
    *("mirror", "train", "orchard", "violin", "desert", "lantern", "harbour", "clockwork"),
    *("meadow", "thunder", "archive", "carnival", "glacier", "compass", "theatre"),
)
GENRES = ("Drama", "Comedy", "Action", "Horror", "Romance")


def write_generic(
    folder: Path,
    users: int = 30,
    items: int = 60,
    per_user: int = 15,
    words: int = 8,
    seed: int = 7,
) -> Path:
    """A generic folder with a two-taste structure, so that models have something to learn."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    taste = rng.integers(0, 2, users)
    kind = rng.integers(0, 2, items)
    rows = []
    for user in range(users):
        for item in rng.choice(items, per_user, replace=False):
            rating = 3.0 + 1.5 * (1 if taste[user] == kind[item] else -1) + rng.normal(0, 0.3)
            stamp = int(1_000_000_000 + rng.integers(0, 10_000_000))
            rows.append(
                (user + 1, int(item) + 1, float(np.clip(round(rating * 2) / 2, 0.5, 5)), stamp)
            )
    ratings = pl.DataFrame(rows, schema=["user", "item", "rating", "timestamp"], orient="row")
    ratings.write_parquet(folder / "ratings.parquet")
    described = pl.DataFrame(
        {
            "item": range(1, items + 1),
            "title": [f"The {rng.choice(WORDS).title()} {n}" for n in range(1, items + 1)],
            "year": rng.integers(1950, 2020, items),
            "genres": ["|".join(rng.choice(GENRES, 2, replace=False)) for _ in range(items)],
            "description": [" ".join(rng.choice(WORDS, words)) for _ in range(items)],
        }
    )
    described.write_parquet(folder / "items.parquet")
    (folder / "dataset.toml").write_text(
        'name = "made-up"\nnoun = "film"\nnoun_plural = "films"\nscale = [0.5, 5.0]\n'
        'relevant_at = 4.0\nsource = "tests"\nterms = "none"\n',
        encoding="utf-8",
    )
    return folder


def write_movielens(folder: Path) -> Path:
    """A MovieLens folder of MOVIES: titles, genres and links, but neither plots nor figures."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [f"{user},{movie},4.0,{user}" for user in range(1, 5) for movie, *_ in MOVIES]
    movies = [f'{movie},"{title}",{genres}' for movie, title, genres, _ in MOVIES]
    links = [f"{movie},0,{tmdb_id or ''}" for movie, _, _, tmdb_id in MOVIES]
    for name, header, rows in (
        ("ratings.csv", "userId,movieId,rating,timestamp", pairs),
        ("movies.csv", "movieId,title,genres", movies),
        ("links.csv", "movieId,imdbId,tmdbId", links),
    ):
        (folder / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return folder
