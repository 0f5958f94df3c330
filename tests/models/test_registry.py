import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tasks.core.errors import SettingsError
from tasks.models import registry
from tasks.models.base import Model, Training
from tasks.models.baselines.ease import Ease
from tasks.models.options import ModelOptions
from tests.models import SCALE, factors, synthetic, training

ROOT = Path(__file__).parents[2]
NAMES = ("svd", "svdpp", "svdpp-fast", "popularity", "knn", "ease", "sharp-ease", "als")
"""Those that are fitted from a table of ratings alone."""


@pytest.mark.parametrize("name", NAMES)
def test_every_model_is_fitted_from_its_own_options_and_knows_the_train_ids(name):
    ratings = synthetic("text")
    given = Training(ratings, SCALE, 3, ModelOptions().of(name))
    model = registry.fit(name, given)
    assert type(model) is registry.model_class(name)
    assert model.users.tolist() == ratings["user"].unique().sort().to_list()
    assert model.items.tolist() == ratings["item"].unique().sort().to_list()
    assert np.isfinite(model.estimates(model.users)).all()
    assert np.isfinite(model.scale).all() == model.estimates_ratings == name.startswith("svd")
    again = registry.fit(name, given)
    np.testing.assert_array_equal(again.estimates(model.users), model.estimates(model.users))


@pytest.mark.parametrize("name", ["svd", "svdpp"])
def test_surprise_models_are_what_surprise_fits_with_the_seed(name):
    fitted = registry.fit(name, training(synthetic("text")))
    for field, values in factors(name, "text").arrays().items():
        np.testing.assert_array_equal(fitted.arrays()[field], values)


def test_every_file_of_the_package_is_known():
    assert set(registry.model_names()) >= {*NAMES, "spark-als", "text"}
    for name, kind in registry.models().items():
        assert kind.name == name and registry.model_class(name) is kind


def test_labels_are_how_people_write_the_names():
    names = ("svd", "sharp-ease", "spark-als", "knn", "of old")
    labels = ["SVD", "sharp EASE", "ALS by Spark", "item kNN", "of old"]
    assert [registry.model_label(name) for name in names] == labels


@pytest.mark.parametrize(("name", "near"), [("easy", "ease"), ("svdp", "svdpp"), ("zzz", None)])
def test_an_unknown_name_is_refused_with_the_nearest(name, near):
    with pytest.raises(SettingsError, match=r"there is no base model.*Take one of .*ease") as error:
        registry.model_class(name)
    assert ("the nearest is" in error.value.what) == bool(near)
    assert near is None or f"the nearest is '{near}'" in error.value.what


def test_sharp_ease_is_ease_that_shrinks_less():
    ratings, given = synthetic("text"), ModelOptions()
    sharp = registry.fit("sharp-ease", training(ratings, **given.of("sharp-ease")))
    expected = Ease.fit(training(ratings, **given.of("sharp-ease")))
    np.testing.assert_array_equal(sharp.estimates(sharp.users), expected.estimates(sharp.users))
    values = given.model_dump()
    assert values["sharp_ease_regularization"] < values["ease_regularization"]
    by_default = registry.fit("sharp-ease", training(ratings))
    np.testing.assert_array_equal(by_default.estimates(sharp.users), sharp.estimates(sharp.users))


def test_options_reach_the_model():
    fitted = registry.fit("ease", training(synthetic("text"), regularization=3.0))
    usual = registry.fit("ease", training(synthetic("text")))
    assert fitted.options == {"regularization": 3.0}
    assert not np.allclose(fitted.estimates(usual.users), usual.estimates(usual.users))


@pytest.mark.parametrize("options", [{"regularisation": 3.0}, {"regularization": -1.0}])
def test_an_option_that_is_unknown_or_wrong_is_refused(options):
    with pytest.raises(SettingsError, match=r"regulari.*is refused.*options .*: regularization"):
        registry.fit("ease", training(synthetic("text"), **options))


def test_two_models_may_not_share_a_name():
    with pytest.raises(SettingsError, match=r"Two base models are named ease"):

        class Other(Model):
            name = "ease"


def imported(program: str, own: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: PLW1510 - looked at by the caller
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PALATE_MODELS": own},
    )


def test_the_models_are_known_without_what_fits_them():
    program = "import sys, tasks.models.registry as r; r.model_names(); print(*sys.modules)"
    loaded = set(imported(program).stdout.split())
    assert "tasks.models.baselines.ease" in loaded
    slow = "surprise implicit numba pyspark prefect sklearn onnxruntime pandas pyarrow"
    assert not {*slow.split(), "scipy.sparse", "scipy.linalg"} & loaded


def test_a_module_that_cannot_be_imported_is_named():
    done = imported("import tasks.models.registry as r; r.model_names()", "json, not_there")
    assert "PALATE_MODELS names the module not_there" in done.stderr


def test_the_order_of_models_does_not_hang_on_what_was_imported_first():
    code = (
        "import {}\n"
        "from tasks.models.options import ModelOptions\n"
        "print(list(ModelOptions.model_fields))"
    )
    first, other = (
        subprocess.run(
            [sys.executable, "-c", code.format(f"tasks.models.baselines.{name}")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in ("als", "ease")
    )
    assert first == other and "ease_regularization" in first
