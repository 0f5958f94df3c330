"""Feature tables as stages make them: from stored files, chunk by chunk, with labels."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tasks.core.artifacts import read_table, write_arrays, write_table
from tasks.features.facts import facts_of
from tasks.features.item_facts import item_facts
from tasks.features.registry import FEATURES
from tasks.features.sequence import SEQUENCE
from tasks.features.stages import (
    FeatureInputs,
    features_of,
    item_facts_stage,
    labelled_features_stage,
)
from tasks.features.table import feature_table, learned_features
from tasks.models import stored
from tasks.models.base import Training
from tasks.models.baselines.ease import Ease
from tasks.models.baselines.popularity import Popularity
from tasks.texts.stages import VECTORS
from tests.features.small import CASES
from tests.support.direct import Direct

KEYS = ["user", "item"]
SIGNALS = ("popularity", "date_affinity", "external_quality", "external_votes")


@cache
def models_of(case):
    training = Training(case.train, (0.5, 5.0), options={"regularization": 3.0})
    return {"ease": Ease.fit(training), "popularity": Popularity.fit(training)}


def pairs_of(case):
    """The pairs as a base model proposes them, with what it says of each."""
    count = case.pairs.height
    asked = case.pairs.sort("user", maintain_order=True)
    return asked.with_columns(
        estimate=pl.Series(np.linspace(5, 1, count)),
        base_rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("user"),
    )


def scores_of(case):
    """A scorer's similarities; of one pair it has none, of another it has never heard."""
    values = [None, *np.linspace(-1, 1, case.pairs.height - 2)]
    scored = case.pairs.sort(KEYS).head(len(values))
    return scored.with_columns(similarity=pl.Series(values, dtype=pl.Float64), more=pl.lit("x"))


class Stored:
    """A case as files, and the stages over them."""

    def __init__(self, home, case, train=None):
        self.home, self.case = home, case
        self.train = (case.train if train is None else train).sort(KEYS)
        users = case.pairs["user"].unique().sort()
        self.users = write_table(home, "users", users.to_frame())
        self.pairs = write_table(home, "candidates", pairs_of(case))
        ratings, items = self.write("train", self.train), self.write("items", case.items)
        rows = {VECTORS: case.vectors}
        self.known = FeatureInputs(
            ratings=ratings,
            items=items,
            item_facts=item_facts_stage.fn(home, ratings, items, closeness=True),
            vectors=write_arrays(home, "vectors", len(case.vectors), rows),
            models={name: stored.save(home, model) for name, model in models_of(case).items()},
            scores=self.write("scores", scores_of(case).sort("user", maintain_order=True)),
        )
        self.names = tuple(learned_features(models_of(case), (), similarity=True))

    def write(self, kind, frame):
        return write_table(self.home, kind, frame)

    def table(self, held_out, relevant_at=None, size=100):
        """The labelled table, made for so many users at a time."""
        held = held_out.sort("user", maintain_order=True)
        made = Direct(self.home).chunks(
            labelled_features_stage,
            self.users.rows,
            size,
            users=self.users,
            pairs=self.pairs,
            known=self.known,
            names=self.names,
            held_out=self.write("held_out", held),
            relevant_at=relevant_at,
        )
        return read_table(self.home, made)

    def expected(self, names=None, models=None):
        """The table of everybody at once, from what was never stored."""
        similarity = scores_of(self.case).drop("more")
        asked = pairs_of(self.case).join(similarity, on=KEYS, how="left", maintain_order="left")
        facts, pairs = facts_of(
            self.train,
            self.case.items,
            asked,
            item_facts(self.train, self.case.items, closeness=True),
            self.case.vectors,
            models_of(self.case) if models is None else models,
        )
        return feature_table(facts, pairs, self.names if names is None else names)


def held_of(case, rating=5.0):
    return case.pairs.sort(KEYS).sample(9, seed=1).with_columns(rating=pl.lit(rating))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_table_is_that_of_the_stored_ratings_models_texts_and_scores(tmp_path, case):
    stored_case = Stored(tmp_path, case)
    made = stored_case.table(held_of(case))
    assert_frame_equal(made.drop("held_out"), stored_case.expected(), abs_tol=1e-6)
    assert made["similarity"].null_count() >= 1


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("size", [1, 3, 7])
def test_every_feature_of_a_chunk_of_users_is_that_of_all_users_together(tmp_path, case, size):
    stored_case = Stored(tmp_path, case)
    parts = stored_case.table(held_of(case), size=size)
    assert_frame_equal(parts, stored_case.table(held_of(case)), abs_tol=1e-6)


@settings(deadline=None, max_examples=20)
@given(data=st.data(), case=st.sampled_from(CASES))
def test_features_and_signals_of_any_users_are_those_they_have_among_all(data, case):
    users = case.pairs["user"].unique().sort()
    number = st.lists(st.integers(0, len(users) - 1), min_size=1, unique=True)
    some = users[sorted(data.draw(number))]
    with TemporaryDirectory() as folder:
        stored_case = Stored(Path(folder), case)
        for names, models in ((stored_case.names, None), (SIGNALS, {})):
            known = stored_case.known
            if models is not None:
                known = known.model_copy(update={"models": {}})
            mine = pairs_of(case).filter(pl.col("user").is_in(some.implode()))
            made = features_of(stored_case.home, some, mine, known, names)
            whole = stored_case.expected(names, models)
            theirs = whole.filter(pl.col("user").is_in(some.implode()))
            assert_frame_equal(made, theirs, abs_tol=1e-6)


def test_all_features_are_among_those_that_are_compared(tmp_path):
    names = {*Stored(tmp_path, CASES[0]).names, *SIGNALS}
    assert names == {*FEATURES, "ease"}


def test_held_out_pairs_are_labelled_and_their_ratings_change_nothing(tmp_path):
    case = CASES[0]
    stored_case, held = Stored(tmp_path, case), held_of(case)
    stray = pl.DataFrame({"user": [1], "item": [999], "rating": [1.0]})
    labelled = stored_case.table(pl.concat([held, stray]))
    marked = labelled.filter("held_out").select(KEYS).sort(KEYS)
    assert marked.equals(held.select(KEYS).sort(KEYS))
    assert labelled["held_out"].null_count() == 0
    assert stored_case.table(held_of(case, 0.5)).equals(labelled)
    nothing = stored_case.table(held.clear())
    assert nothing.drop("held_out").equals(labelled.drop("held_out"))
    assert not nothing["held_out"].any()


def test_hits_are_every_held_out_pair_or_the_well_rated_ones_alone(tmp_path):
    case = CASES[0]
    rated = pl.Series("rating", [5.0, 3.5, 4.0, 0.5, 4.5, 3.0, 1.0, 4.0, 2.0])
    held = held_of(case).with_columns(rated)
    stored_case = Stored(tmp_path, case)
    every, liked = stored_case.table(held), stored_case.table(held, relevant_at=4.0)
    assert liked.drop("held_out").equals(every.drop("held_out"))
    for table, hits in ((every, held), (liked, held.filter(pl.col("rating") >= 4))):
        assert table.filter("held_out").select(KEYS).sort(KEYS).equals(hits.select(KEYS).sort(KEYS))
    assert liked["held_out"].null_count() == 0 and liked["held_out"].sum() == 4


def test_train_ratings_decide_the_features(tmp_path):
    case = CASES[0]
    turned = case.train.with_columns(rating=5.5 - pl.col("rating"))
    plain = Stored(tmp_path, case).table(held_of(case))
    other = Stored(tmp_path, case, turned).table(held_of(case))
    for name in ("mean rating", "liked texts", "disliked texts"):
        assert not plain[name].equals(other[name])
    for name in ("log count", "age to the user", "genres"):
        assert plain[name].equals(other[name]), "who rated what and when is the same"


def test_without_features_of_texts_no_vector_is_read(tmp_path):
    stored_case = Stored(tmp_path, CASES[0])
    known = stored_case.known.model_copy(update={"vectors": None})
    users = CASES[0].pairs["user"].unique().sort()
    made = features_of(tmp_path, users, pairs_of(CASES[0]), known, ("log count", *SIGNALS))
    assert made.height == CASES[0].pairs.height


def test_where_no_feature_reads_closeness_the_others_are_what_they_were(tmp_path):
    stored_case = Stored(tmp_path, CASES[0])
    known, users = stored_case.known, CASES[0].pairs["user"].unique().sort()
    facts = item_facts_stage.fn(tmp_path, known.ratings, known.items, closeness=False)
    bare = known.model_copy(update={"item_facts": facts})
    names = [name for name in stored_case.names if name != SEQUENCE]
    one, other = (
        features_of(tmp_path, users, pairs_of(CASES[0]), some, names) for some in (known, bare)
    )
    assert one.equals(other)
