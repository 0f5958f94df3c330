"""Training and candidates as tasks."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import local, read_table, scan_table, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import BASE_RANK, ESTIMATE, ITEM, TEXT, USER, Artifact, ModelName
from tasks.models import registry, spark_als, stored, text
from tasks.models.candidates import count_ratings, top_candidates
from tasks.models.fold_in import fold_in
from tasks.models.joined import join_candidates
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import text_vectors


@stage("train", "3", "scikit-surprise", role="candidates", detail="model")
def train_stage(
    home: Path,
    ratings: Artifact,
    scale: tuple[float, float],
    model: ModelName,
    model_options: dict[str, float | int | str],
    seed: int,
) -> Artifact:
    """Fit the base model on `ratings`."""
    with bar(f"training {model} on {ratings.rows:,} ratings"):
        if model == "spark-als":
            return stored.save(home, spark_als.fit(home, local(home, ratings), seed, model_options))
        fitted = registry.fit(model, read_table(home, ratings), scale, seed, model_options)
        return stored.save(home, fitted)


@stage("fold users in", "1", "numpy", role="candidates", detail="model")
def fold_in_stage(
    home: Path,
    kept: Artifact,
    ratings: Artifact,
    users: Artifact,
    model: ModelName,
    model_options: dict[str, float | int | str],
) -> Artifact:
    """The fitted model `kept` with these users alone, as their ratings are now."""
    wanted = read_table(home, users)
    theirs = read_table(home, ratings).join(wanted, on=USER, how="semi", maintain_order="left")
    given = stored.load(home, kept), model, theirs, wanted[USER], model_options
    return stored.save_users(home, fold_in(*given), kept)


@stage("choose users", "1", "numpy", role="data")
def choose_users_stage(home: Path, ratings: Artifact, limit: int | None, seed: int) -> Artifact:
    """The users to serve: everybody, or a seeded sample of `limit`."""
    users = read_table(home, ratings).select(pl.col(USER).unique().sort())
    if limit is not None and limit < users.height:
        chosen = np.random.default_rng(seed).choice(users.height, limit, replace=False)
        users = users[np.sort(chosen)]
    return write_table(home, "users", users)


@stage("count ratings", "1", role="candidates")
def counts_stage(home: Path, ratings: Artifact) -> Artifact:
    """How many ratings each item has."""
    return write_table(home, "counts", count_ratings(scan_table(home, ratings)))


@chunk_stage("find candidates", "3", role="candidates")
def candidates_stage(
    home: Path,
    rows: Rows,
    model: Artifact,
    ratings: Artifact,
    counts: Artifact,
    users: Artifact,
    count: int,
    seed: int,
) -> Artifact:
    """The top `count` unrated items of the users in these rows."""
    wanted = rows_of(home, users, rows)[USER]
    given = stored.load(home, model), theirs(home, ratings, wanted), wanted, count, seed
    with bar("finding candidates", total=len(wanted)) as advance:
        known = read_table(home, counts)
        found = top_candidates(*given, counts=known, advance=advance)
    return write_table(home, "candidates", found)


@stage("join candidates", "1", role="candidates")
def join_candidates_stage(
    home: Path, lists: dict[str, Artifact], base: str, model: Artifact
) -> Artifact:
    """All sources' candidates; estimates and base_rank are the base model's."""
    tables = {name: read_table(home, table) for name, table in lists.items()}
    return write_table(home, "candidates", join_candidates(tables, base, stored.load(home, model)))


@stage(
    "train on texts",
    "2",
    "numpy",
    role="candidates",
    also=lambda _given: Embedder.version,
)
def text_model_stage(
    home: Path,
    ratings: Artifact,
    users: Artifact,
    texts: Artifact,
    typed: Artifact | None,
) -> Artifact:
    """Fit the base model `text` on the texts of what people rated, and on what they typed."""
    told = read_table(home, texts).sort(ITEM)
    said = {} if typed is None else dict(read_table(home, typed).select(USER, TEXT).iter_rows())
    own = dict(zip(said, text_vectors(home, list(said.values())), strict=True)) if said else {}
    fitted = text.fit(
        read_table(home, ratings),
        told[ITEM],
        text_vectors(home, told[TEXT].to_list()),
        read_table(home, users)[USER],
        own,
    )
    return stored.save(home, fitted)


@stage("offer new items", "1", "numpy", role="candidates")
def new_items_stage(home: Path, users: Artifact, new_items: Artifact, seed: int) -> Artifact:
    """Every new item for every user, in a random order: no base model knows anything of them."""
    people, fresh = read_table(home, users), read_table(home, new_items)
    pairs = people.join(fresh, how="cross").sort(USER, ITEM)
    draws = pl.Series(np.random.default_rng(seed).random(pairs.height))
    drawn = pairs.select(USER, ITEM, pl.lit(0.0).alias(ESTIMATE), draws.alias("draw"))
    place = pl.col("draw").rank("ordinal").over(USER).cast(pl.Int32).alias(BASE_RANK)
    ranked = drawn.with_columns(place).drop("draw").sort(USER, BASE_RANK)
    return write_table(home, "candidates", ranked)


@stage("offer nearest new items", "1", "numpy", role="candidates")
def nearest_new_items_stage(
    home: Path,
    model: Artifact,
    ratings: Artifact,
    users: Artifact,
    new_items: Artifact,
    count: int,
    seed: int,
) -> Artifact:
    """The `count` new items that the text model puts highest for every user."""
    found = top_candidates(
        stored.load(home, model),
        read_table(home, ratings),
        read_table(home, users)[USER],
        count,
        seed=seed,
        only=read_table(home, new_items)[ITEM],
    )
    return write_table(home, "candidates", found.with_columns(pl.lit(0.0).alias(ESTIMATE)))


@stage("find unrated items", "1", role="candidates")
def unrated_items_stage(home: Path, ratings: Artifact, items: Artifact) -> Artifact:
    """The items of the catalogue that nobody has rated."""
    rated = read_table(home, ratings).select(ITEM).unique()
    fresh = read_table(home, items).select(ITEM).join(rated, on=ITEM, how="anti").sort(ITEM)
    return write_table(home, "new_items", fresh)
