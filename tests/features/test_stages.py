import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.features import stages as task
from tasks.features.stages import Labels, features_stage
from tasks.features.table import feature_table
from tasks.models import stored
from tasks.models.base import Training
from tasks.models.baselines.ease import Ease
from tests.features.small import CASES

KEYS = ["user", "item"]


def ease_of(case):
    return Ease.fit(Training(case.train, (0.5, 5.0), options={"regularization": 3.0}))


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Runs the task on a case; an item's text is its id, and its vector the case's own."""

    def run(case, held_out=None, train=None, relevant_at=None):
        by_text = {str(item): vector for item, vector in case.vector.items()}
        monkeypatch.setattr(
            task, "text_vectors", lambda _home, texts: np.stack([by_text[t] for t in texts])
        )
        texts = case.items.select("item", pl.col("item").cast(pl.String).alias("text"))
        ratings = case.train if train is None else train
        made = features_stage.fn(
            tmp_path,
            pairs=write_table(tmp_path, "candidates", case.pairs),
            ratings=write_table(tmp_path, "train", ratings),
            items=write_table(tmp_path, "items", case.items),
            texts=write_table(tmp_path, "texts", texts.reverse()),
            embedder="",
            models={"ease": stored.save(tmp_path, ease_of(case))},
            without=("external",),
            labels=None
            if held_out is None
            else Labels(
                held_out=write_table(tmp_path, "held_out", held_out), relevant_at=relevant_at
            ),
        )
        return read_table(tmp_path, made)

    return run


@pytest.mark.parametrize("case", CASES[1:3], ids=str)
def test_the_table_is_that_of_the_stored_ratings_models_and_texts(make, case):
    facts, pairs = case.facts({"ease": ease_of(case)})
    assert make(case).equals(feature_table(facts, pairs, ["external"]))


def test_held_out_pairs_are_labelled_and_their_ratings_change_nothing(make):
    case = CASES[0]
    held = case.pairs.sample(9, seed=1).with_columns(rating=pl.lit(5.0))
    stray = pl.DataFrame({"user": [1], "item": [999], "rating": [1.0]})
    plain, labelled = make(case), make(case, pl.concat([held, stray]))
    assert labelled.drop("held_out").equals(plain)
    marked = labelled.filter("held_out").select(KEYS).sort(KEYS)
    assert marked.equals(held.select(KEYS).sort(KEYS))
    assert labelled["held_out"].null_count() == 0
    assert make(case, held.with_columns(rating=pl.lit(0.5))).equals(labelled)


def test_hits_are_every_held_out_pair_or_the_well_rated_ones_alone(make):
    case = CASES[0]
    rated = pl.Series("rating", [5.0, 3.5, 4.0, 0.5, 4.5, 3.0, 1.0, 4.0, 2.0])
    held = case.pairs.sample(9, seed=1).with_columns(rated)
    every, liked = make(case, held), make(case, held, relevant_at=4.0)
    assert liked.drop("held_out").equals(every.drop("held_out"))
    for table, hits in ((every, held), (liked, held.filter(pl.col("rating") >= 4))):
        assert table.filter("held_out").select(KEYS).sort(KEYS).equals(hits.select(KEYS).sort(KEYS))
    assert liked["held_out"].null_count() == 0 and liked["held_out"].sum() == 4


def test_train_ratings_decide_the_features(make):
    case = CASES[0]
    turned = case.train.with_columns(rating=5.5 - pl.col("rating"))
    plain, other = make(case), make(case, train=turned)
    for name in ("mean rating", "liked texts", "disliked texts"):
        assert not plain[name].equals(other[name])
    for name in ("log count", "age to the user", "genres"):
        assert plain[name].equals(other[name]), "who rated what and when is the same"
