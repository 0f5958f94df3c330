import pytest
from pydantic import ValidationError

from tasks.core.errors import SettingsError
from tasks.models import options
from tasks.models.baselines.als import Als
from tasks.models.options import ModelOptions, choices
from tasks.models.registry import model_names, models


def test_each_model_gets_its_own_options_without_the_prefix(monkeypatch):
    monkeypatch.setattr(options, "version_of", lambda _package: "7.8")
    given = ModelOptions(
        als_factors=5,
        als_alpha=2.0,
        knn_neighbours=9,
        ease_regularization=8.0,
        sharp_ease_regularization=4.0,
        sharp_ease_half_life=90.0,
    )
    unset = {"items": 20_000, "liked_only": False, "days": 0, "half_life": 0.0}
    assert given.of("ease") == {"regularization": 8.0} | unset
    assert given.of("sharp-ease") == unset | {"regularization": 4.0, "half_life": 90.0}
    assert given.of("knn") == {"neighbours": 9}
    assert given.of("svd") == given.of("svdpp") == given.of("popularity") == given.of("text") == {}
    assert given.of("als") == {
        "factors": 5,
        "regularization": 30.0,
        "alpha": 2.0,
        "iterations": 15,
        "implicit": "7.8",
    }


def test_what_is_set_is_said_in_words(monkeypatch):
    lately = {"ease_liked_only": True, "ease_half_life": 365.0}
    assert ModelOptions(**lately).in_words("ease") == "liked ratings only, half life 365 days"
    assert ModelOptions(**lately).in_words("sharp-ease") is None
    shaped = ModelOptions(
        ease_items=5000,
        ease_days=90,
        sharp_ease_regularization=0.5,
        als_factors=16,
        knn_neighbours=9,
    )
    assert shaped.in_words("ease") == "the 5000 most rated items, the last 90 days"
    assert shaped.in_words("sharp-ease") == "regularization 0.5"
    assert shaped.in_words("als") == "16 factors" and shaped.in_words("svd") is None
    assert shaped.in_words("knn") == "9 similar items of each"
    said = Als.Options.in_words
    assert (said("so_far", True), said("so_far", False)) == ("so far on", "so far off")


def test_the_words_for_options_are_of_options_that_there_are():
    for model in models().values():
        assert set(model.Options.words) <= set(model.Options.model_fields)


def test_the_version_of_a_missing_package_is_empty(monkeypatch):
    monkeypatch.setattr(Als, "package", "not-installed-anywhere")
    assert ModelOptions().of("als")["not-installed-anywhere"] == ""


def test_every_option_belongs_to_a_model_and_says_what_it_is():
    read = {
        name: set(ModelOptions().of(name)) - {"implicit", "numba", "pyspark"}
        for name in model_names()
    }
    every = [f"{name.replace('-', '_')}_{one}" for name, mine in read.items() for one in mine]
    assert sorted(every) == sorted(ModelOptions.model_fields)
    for field in ModelOptions.model_fields.values():
        assert field.description


@pytest.mark.parametrize("name", ModelOptions.model_fields)
def test_what_is_out_of_range_is_refused(name):
    with pytest.raises(ValidationError):
        ModelOptions(**{name: -1})


@pytest.mark.parametrize("name", choices())
def test_what_can_be_tuned_is_an_option_of_its_model_with_the_default_among_the_choices(name):
    model, values = choices()[name]
    option = name.removeprefix(f"{model.replace('-', '_')}_")
    default = ModelOptions().of(model)[option]
    assert default in values
    assert list(values) == sorted(set(values)) and len(values) > 2
    for value in values:
        chosen = ModelOptions().having(name, value)
        assert chosen == ModelOptions(**{name: value})
        assert chosen.of(model)[option] == value
        assert type(chosen.of(model)[option]) is type(default)


def test_a_choice_is_of_the_kind_of_its_option_and_leaves_the_others():
    given = ModelOptions(ease_regularization=8.0)
    chosen = given.having("popular_lately_days", 30.0)
    days = chosen.of("popular-lately")["days"]
    assert days == 30 and isinstance(days, int)
    assert chosen.of("ease") == given.of("ease") and given == ModelOptions(ease_regularization=8.0)
    with pytest.raises(ValidationError):
        given.having("popular_lately_days", 30.5)


def test_names_defaults_and_ranges_are_those_of_the_classes():
    expected = {
        "als_alpha": 3.0,
        "als_factors": 64,
        "als_iterations": 15,
        "als_regularization": 30.0,
        "ease_days": 0,
        "ease_half_life": 0.0,
        "ease_liked_only": False,
        "ease_items": 20_000,
        "ease_regularization": 500.0,
        "forward_ridge_days": 0,
        "forward_ridge_items": 10_000,
        "forward_ridge_regularization": 1000.0,
        "knn_neighbours": 40,
        "popular_lately_days": 90,
        "sharp_ease_days": 0,
        "sharp_ease_half_life": 0.0,
        "sharp_ease_liked_only": False,
        "sharp_ease_items": 20_000,
        "sharp_ease_regularization": 100.0,
        "spark_als_alpha": 3.0,
        "spark_als_factors": 64,
        "spark_als_iterations": 15,
        "spark_als_regularization": 0.3,
    }
    assert ModelOptions().model_dump() == expected
    assert set(choices()) == {
        *("ease_regularization", "ease_half_life", "popular_lately_days"),
        *("als_regularization", "als_alpha"),
    }


def test_what_is_unknown_is_refused():
    with pytest.raises(ValidationError, match="ease_regularisation"):
        ModelOptions(ease_regularisation=3.0)
    with pytest.raises(SettingsError, match="no base model 'easy'"):
        ModelOptions().of("easy")
