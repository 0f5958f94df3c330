"""A base model of one's own: the documentation's recipe, in a module that PALATE_MODELS names."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.own_model import write_own_model

ROOT = Path(__file__).parents[2]
BEFORE = """
from pathlib import Path
import numpy as np
import polars as pl
from tasks.core.errors import SettingsError
from tasks.models import registry, stored
from tasks.models.base import Training
from tasks.models.candidates import pair_estimates, top_candidates
from tasks.models.options import ModelOptions, choices
from tests.models import SCALE, synthetic

ratings = synthetic("text")
options = ModelOptions(mean_shrinkage=4.0).of("mean")
model = registry.fit("mean", Training(ratings, SCALE, options=options))
changed = pl.Series("user", ["reader-3", "reader-7", "somebody new"])
theirs = ratings.filter(pl.col("user") == "reader-3", pl.int_range(pl.len()) % 2 == 0)
theirs = pl.concat([theirs, theirs.with_columns(user=pl.lit("somebody new"))])
theirs = pl.concat([theirs, ratings.filter(user="reader-7")])
"""


@pytest.fixture
def run(tmp_path: Path):
    """Runs lines in a process that knows the model."""

    def lines(program: str, **given: bool) -> None:
        env = write_own_model(tmp_path, **given)
        env |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
        program = BEFORE + textwrap.dedent(program).replace("HOME", repr(str(tmp_path)))
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return lines


def test_its_name_label_options_and_choices_are_known(run):
    run("""
        assert "mean" in registry.model_names() and registry.model_label("mean") == "item mean"
        assert options == {"shrinkage": 4.0} == model.options
        assert choices()["mean_shrinkage"] == ("mean", (1.0, 3.0, 10.0, 30.0))
        assert registry.model_class("mean").estimates_ratings
        assert ModelOptions().mean_shrinkage == 10.0 and ModelOptions().ease_regularization == 500.0
    """)


def test_it_is_fitted_by_its_formula_and_proposes_candidates(run):
    run("""
        mean = ratings["rating"].mean()
        of_item = dict(ratings.group_by("item").agg(
            (pl.col("rating") - mean).sum() / (pl.len() + 4)).rows())
        mine = ratings.filter(user="reader-3").select("item", "rating").rows()
        bias = sum(r - mean - of_item[i] for i, r in mine) / (len(mine) + 4)
        expected = [mean + bias + of_item[i] for i in model.items.tolist()]
        assert np.allclose(model.estimates(np.array(["reader-3"]))[0], expected)
        assert len(of_item) == len(model.items) and len(model.users) == 60
        best = top_candidates(model, ratings, ratings["user"].unique().sort(), 5, 0)
        assert best.height == 300 and best.join(ratings, on=["user", "item"]).is_empty()
        assert np.array_equal(pair_estimates(model, best), best["estimate"].to_numpy())
    """)


def test_users_who_changed_are_folded_in_as_a_fresh_fit_of_them_has_it(run):
    """Exact for this model: a user's part is made of their ratings and the items' alone."""
    run("""
        folded = model.fold_in(theirs, changed)
        assert type(folded) is type(model) and folded.users.tolist() == sorted(changed)
        assert np.array_equal(folded.item_bias, model.item_bias)
        people = np.array(["reader-7"])
        assert np.allclose(folded.estimates(people), model.estimates(people), atol=1e-12)
        own = theirs.filter(user="reader-3").with_columns(user=pl.lit("twin"))
        users = pl.concat([ratings["user"].unique(), pl.Series(["twin"])])
        whole = model.fold_in(pl.concat([ratings.select(own.columns), own]), users)
        for user in ("reader-3", "somebody new"):
            expected = whole.estimates(np.array(["twin"]))
            assert np.allclose(folded.estimates(np.array([user])), expected, atol=1e-12)
        assert not np.allclose(folded.estimates(np.array(["reader-3"])),
                               model.estimates(np.array(["reader-3"])))
    """)


def test_it_is_stored_whole_and_by_the_users_that_changed(run):
    run("""
        home = Path(HOME)
        kept = stored.save(home, model)
        again = stored.save_users(home, model.fold_in(theirs, changed), kept)
        back, changed_back = stored.load(home, kept), stored.load(home, again)
        assert type(back) is type(changed_back) is type(model)
        assert back.options == changed_back.options == {"shrinkage": 4.0}
        assert np.array_equal(back.estimates(back.users), model.estimates(back.users))
        users = changed_back.users
        assert np.array_equal(changed_back.estimates(users),
                              model.fold_in(theirs, changed).estimates(users))
    """)


def test_one_that_cannot_fold_in_says_what_to_do(run):
    run(
        """
        try:
            model.fold_in(theirs, changed)
        except SettingsError as error:
            assert "mean cannot fold changed users in" in error.what, error.what
            assert "--refit 1" in error.fix and "ItemMean.fold_in" in error.fix
        else:
            raise AssertionError("folded in")
        """,
        folds_in=False,
    )
