"""Fitting models and finding candidates, as stages."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import local, read_table, scan_table, sink_table, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import BASE_RANK, ESTIMATE, ITEM, TEXT, USER, Artifact, Rules
from tasks.data.rules import allowed, with_pairs
from tasks.models import registry, stored
from tasks.models.base import UNSCALED, OptionValue, Texts, Training
from tasks.models.candidates import (
    catalogue_of,
    count_ratings,
    join_candidates,
    top_candidates,
)
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import text_vectors

BLOCK_USERS = 1000
"""Users whose candidates are joined at once."""


@stage(
    "train",
    "6",
    "scikit-surprise",
    role="candidates",
    detail="model",
    counts_if_given={"share"},
)
def train_stage(
    home: Path,
    ratings: Artifact,
    scale: tuple[float, float],
    model: str,
    model_options: dict[str, OptionValue],
    seed: int,
    liked_from: float,
    share: float | None = None,
) -> Artifact:
    """Fit the base model on `ratings`; those of `liked_from` or more are of liked items.

    `share`: what part of all they are, where they are those of a sample of people.
    """
    training = Training(
        local(home, ratings),
        scale,
        seed,
        model_options,
        home,
        liked_from=liked_from,
        share=share or 1.0,
    )
    with bar(f"training {model} on {ratings.rows:,} ratings"):
        return stored.save(home, registry.fit(model, training))


@stage("fold users in", "2", "numpy", role="candidates", detail="model")
def fold_in_stage(
    home: Path,
    kept: Artifact,
    ratings: Artifact,
    users: Artifact,
    model: str,
) -> Artifact:
    """The fitted model `kept`, a `model`, with these users alone, as their ratings are now."""
    wanted = read_table(home, users)
    own = read_table(home, ratings).join(wanted, on=USER, how="semi", maintain_order="left")
    with bar(f"folding {len(wanted):,} users into {model}"):
        folded = stored.load(home, kept).fold_in(own, wanted[USER])
        return stored.save_users(home, folded, kept)


@stage("choose users", "1", "numpy", role="data")
def choose_users_stage(home: Path, ratings: Artifact, limit: int | None, seed: int) -> Artifact:
    """The users to serve: everybody, or a seeded sample of `limit`."""
    users = read_table(home, ratings).select(pl.col(USER).unique().sort())
    if limit is not None and limit < users.height:
        chosen = np.random.default_rng(seed).choice(users.height, limit, replace=False)
        users = users[np.sort(chosen)]
    return write_table(home, "users", users)


@stage("draw people", "1", "numpy", role="data")
def people_stage(home: Path, ratings: Artifact, count: int, seed: int) -> Artifact:
    """All ratings of a seeded draw of people: about `count` of them."""
    table = scan_table(home, ratings)
    lengths = table.group_by(USER).len().sort(USER).collect()
    draw = lengths[np.random.default_rng(seed).permutation(lengths.height)]
    drawn = draw.filter(pl.col("len").cum_sum() <= count).select(USER).lazy()
    return sink_table(
        home, "ratings", table.join(drawn, on=USER, how="semi", maintain_order="left")
    )


@stage("count ratings", "1", role="candidates")
def counts_stage(home: Path, ratings: Artifact) -> Artifact:
    """How many ratings each item has."""
    return write_table(home, "counts", count_ratings(scan_table(home, ratings)))


@chunk_stage("find candidates", "3", role="candidates", counts_if_given={"rules"})
def candidates_stage(
    home: Path,
    rows: Rows,
    model: Artifact,
    ratings: Artifact,
    counts: Artifact,
    users: Artifact,
    count: int,
    seed: int,
    rules: Rules | None = None,
) -> Artifact:
    """The top `count` unrated items of the users in these rows that the rules allow."""
    wanted, fitted = rows_of(home, users, rows)[USER], stored.load(home, model)
    often = read_table(home, counts)
    with bar("finding candidates", total=len(wanted)) as advance:
        own = with_pairs(home, rules, theirs(home, ratings, wanted), wanted)
        only = allowed(home, rules, catalogue_of(fitted)) if rules else None
        best = top_candidates(
            fitted, own, wanted, count, seed, counts=often, only=only, advance=advance
        )
    return write_table(home, "candidates", best)


@chunk_stage("join candidates", "1", role="candidates")
def join_candidates_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    lists: dict[str, Artifact],
    base: str,
    model: Artifact,
) -> Artifact:
    """All sources' candidates of the users in these rows; the base model's order and estimates."""
    wanted, fitted = rows_of(home, users, rows)[USER], stored.load(home, model)
    joined = []
    for start in range(0, max(len(wanted), 1), BLOCK_USERS):
        block = wanted[start : start + BLOCK_USERS]
        tables = {name: theirs(home, table, block) for name, table in lists.items()}
        joined.append(join_candidates(tables, base, fitted))
    return write_table(home, "candidates", pl.concat(joined))


@stage("train on texts", "3", "numpy", role="candidates", also=lambda _: Embedder.version)
def text_model_stage(home: Path, ratings: Artifact, texts: Artifact) -> Artifact:
    """Fit the base model `text` on the texts of what people rated."""
    table = read_table(home, texts).sort(ITEM)
    known = Texts(table[ITEM], text_vectors(home, table[TEXT].to_list()))
    training = Training(local(home, ratings), UNSCALED, texts=known)
    return stored.save(home, registry.fit("text", training))


@stage("offer new items", "1", "numpy", role="candidates", counts_if_given={"rules"})
def new_items_stage(
    home: Path, users: Artifact, new_items: Artifact, seed: int, rules: Rules | None = None
) -> Artifact:
    """Every new item for every user, in a random order: no base model knows anything of them.

    But for what the rules leave out.
    """
    people, fresh = read_table(home, users), read_table(home, new_items)
    offered = allowed(home, rules, fresh[ITEM]).to_frame()
    pairs = people.join(offered, how="cross").sort(USER, ITEM)
    if rules is not None:
        pairs = pairs.join(read_table(home, rules.pairs), on=[USER, ITEM], how="anti")
        pairs = pairs.sort(USER, ITEM)
    draws = pl.Series(np.random.default_rng(seed).random(pairs.height))
    drawn = pairs.select(USER, ITEM, pl.lit(0.0).alias(ESTIMATE), draws.alias("draw"))
    place = pl.col("draw").rank("ordinal").over(USER).cast(pl.Int32).alias(BASE_RANK)
    ranked = drawn.with_columns(place).drop("draw").sort(USER, BASE_RANK)
    return write_table(home, "candidates", ranked)


@chunk_stage("offer nearest new items", "2", "numpy", role="candidates", counts_if_given={"rules"})
def nearest_new_items_stage(
    home: Path,
    rows: Rows,
    model: Artifact,
    ratings: Artifact,
    users: Artifact,
    new_items: Artifact,
    count: int,
    seed: int,
    rules: Rules | None = None,
) -> Artifact:
    """The `count` new items that the text model puts highest for each user in these rows.

    But for what the rules leave out. Nothing is near to somebody who has rated nothing.
    """
    everybody = read_table(home, ratings)
    people = rows_of(home, users, rows).join(everybody, on=USER, how="semi").sort(USER)[USER]
    nearest = top_candidates(
        stored.load(home, model),
        with_pairs(home, rules, everybody, people),
        people,
        count,
        seed=seed,
        counts=count_ratings(everybody.lazy()),
        only=allowed(home, rules, read_table(home, new_items)[ITEM]),
    )
    return write_table(home, "candidates", nearest.with_columns(pl.lit(0.0).alias(ESTIMATE)))


@stage("find unrated items", "1", role="candidates")
def unrated_items_stage(home: Path, ratings: Artifact, items: Artifact) -> Artifact:
    """The items of the catalogue that nobody has rated."""
    rated = read_table(home, ratings).select(ITEM).unique()
    fresh = read_table(home, items).select(ITEM).join(rated, on=ITEM, how="anti").sort(ITEM)
    return write_table(home, "new_items", fresh)
