"""Made-up data: the shape of MovieLens 32M, the same for the same seed, in bounded memory."""

from hashlib import sha256

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from tasks.data import catalogue
from tests.bench import generated
from tests.bench.generated import FEWEST, history_lengths, rated_again, write_generated
from tests.bench.world import Shape, world_of

RATINGS = 30_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    write_generated(folder, RATINGS, seed=3)
    return folder


@pytest.fixture(scope="module")
def ratings(made):
    return pl.read_parquet(made / "ratings.parquet")


def contents(folder):
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(made, tmp_path):
    write_generated(tmp_path / "again", RATINGS, seed=3)
    write_generated(tmp_path / "other", RATINGS, seed=4)
    assert contents(tmp_path / "again") == contents(made)
    assert not contents(tmp_path / "other").items() & contents(made).items()


def test_sizes_are_those_of_the_real_data_sets():
    assert Shape.of(32_000_000) == Shape(32_000_000, 200_948, 87_585)
    small = Shape.of(100_836)
    assert small.users == pytest.approx(610, rel=0.05)
    assert small.items == pytest.approx(9_742, rel=0.01)


def test_it_reads_as_a_generic_folder(made, tmp_path):
    raw = catalogue.find(str(made), made).read(tmp_path)
    assert not raw.unknown
    assert raw.info.scale == (0.5, 5.0)
    assert raw.items.frame["title"].n_unique() == Shape.of(RATINGS).items


def test_no_pair_twice_and_as_many_as_told(ratings):
    shape = Shape.of(RATINGS)
    assert ratings.height == RATINGS == ratings.select("user", "item").n_unique()
    assert ratings["user"].n_unique() == shape.users
    assert ratings["item"].is_between(1, shape.items).all()
    assert set(ratings["rating"].unique()) == {n / 2 for n in range(1, 11)}


@pytest.mark.parametrize("size", [RATINGS, 32_000_000])
def test_histories_have_a_long_tail_and_no_short_end(size):
    shape = Shape.of(size)
    lengths = history_lengths(shape, seed=0)
    assert lengths.sum() == size
    assert lengths.min() >= FEWEST
    assert lengths.max() <= shape.items / 3
    assert np.median(lengths) < 0.6 * lengths.mean()


def test_few_items_have_most_ratings(ratings):
    counts = ratings.group_by("item").len()["len"].sort(descending=True)
    tenth = Shape.of(RATINGS).items // 10
    assert counts.head(tenth).sum() > 0.45 * RATINGS
    assert (counts <= 2).mean() > 0.3


def test_what_people_like_follows_their_taste(ratings):
    """The planted vectors explain ratings better than the same vectors of other items."""
    world = world_of(Shape.of(RATINGS), seed=3)
    shuffled = np.random.default_rng(0).permutation(len(world.ids))
    place = np.argsort(world.ids)
    explained = {"own": 0.0, "others": 0.0}
    for _, mine in ratings.filter(pl.len().over("user") > 200).group_by("user"):
        item = place[mine["item"].to_numpy() - 1]
        left = mine["rating"].to_numpy() - world.bias[item]
        for name, rows in (("own", item), ("others", shuffled[item])):
            known = np.column_stack([np.ones(len(rows)), world.taste[rows]])
            found = known @ np.linalg.lstsq(known, left, rcond=None)[0]
            explained[name] += np.var(found)
    assert explained["own"] > 2 * explained["others"]


def test_people_rate_more_of_the_genre_that_is_theirs(ratings, made):
    genre = pl.read_parquet(made / "items.parquet").select(
        "item", pl.col("genres").str.split("|").list.first()
    )
    shares = (
        ratings.join(genre, on="item")
        .group_by("user", "genres")
        .len()
        .select("user", pl.col("len") / pl.col("len").sum().over("user"))
    )
    assert shares.group_by("user").max()["len"].mean() > 0.45


def test_only_a_chunk_of_people_is_held_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(generated, "CHUNK_USERS", 50)
    write_generated(tmp_path, RATINGS, seed=3)
    file = pq.ParquetFile(tmp_path / "ratings.parquet")
    people = [file.read_row_group(n)["user"].to_numpy() for n in range(file.num_row_groups)]
    assert len(people) == -(-Shape.of(RATINGS).users // 50)
    assert all(np.unique(some).size <= 50 for some in people)


def test_some_rate_again_while_the_block_lasts(tmp_path):
    write_generated(tmp_path, RATINGS, seed=3)
    before, users = sorted(tmp_path.iterdir()), Shape.of(RATINGS).users
    with rated_again(tmp_path, 0.1):
        arrived = pl.read_parquet(tmp_path / "ratings" / "*.parquet")
        assert arrived["user"].n_unique() == arrived.height == users // 10
        assert arrived.schema == pl.read_parquet_schema(tmp_path / "ratings.parquet")
        newest = pl.scan_parquet(tmp_path / "ratings.parquet").select("timestamp").max().collect()
        assert arrived["timestamp"].min() > newest.item()
    assert sorted(tmp_path.iterdir()) == before
