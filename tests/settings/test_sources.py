"""Where options come from, and who has the last word."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.core.errors import SettingsError
from tasks.evaluation.grid import read_grid
from tasks.ranking.options import Weights
from tasks.settings import sources
from tasks.settings.settings import flat_options
from tasks.settings.sources import CellOptions, EvaluateOptions, NightlyOptions, method_of
from tests.support.options import plain_settings

pytestmark = pytest.mark.usefixtures("clean_environment")

DEPLOYMENTS = Path(__file__).parents[2] / "deployments"
BEST = tomllib.loads((DEPLOYMENTS / "best.toml").read_text(encoding="utf-8"))


def test_an_option_beats_the_environment_which_beats_the_file_which_beats_the_default(
    monkeypatch, toml
):
    file = toml("top = 3\n")
    assert NightlyOptions().top == 10
    assert NightlyOptions(config=file).top == 3
    monkeypatch.setenv("PALATE_TOP", "4")
    assert NightlyOptions(config=file).top == 4
    assert NightlyOptions(config=file, top=5).top == 5


def test_settings_from_all_sources_come_together(monkeypatch, toml):
    monkeypatch.setenv("PALATE_MODEL", "svdpp")
    chosen = NightlyOptions(config=toml('method = "paper"\nreranker = "rrf"\nseed = 7\n'), seed=9)
    assert (chosen.model, chosen.reranker, chosen.seed, chosen.top) == ("svdpp", "rrf", 9, 10)


def test_the_environment_names_the_file(monkeypatch, toml):
    monkeypatch.setenv("PALATE_CONFIG", str(toml("top = 3\n")))
    chosen = NightlyOptions()
    assert chosen.top == 3
    assert isinstance(chosen.config, Path)


def test_the_file_of_an_option_beats_that_of_the_environment(monkeypatch, toml, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("seed = 8\n")
    monkeypatch.setenv("PALATE_CONFIG", str(toml("top = 3\nseed = 1\n")))
    chosen = NightlyOptions(config=other)
    assert (chosen.seed, chosen.top, chosen.config) == (8, 10, other)


def test_an_empty_name_of_a_file_in_the_environment_is_no_file(monkeypatch):
    monkeypatch.setenv("PALATE_CONFIG", "")
    assert NightlyOptions().top == 10


def test_weights_are_merged_one_by_one(monkeypatch, toml):
    file = toml("[weights]\nestimate = 2.0\npopularity = 3.0\n")
    monkeypatch.setenv("PALATE_WEIGHTS__POPULARITY", "4.5")
    chosen = NightlyOptions(config=file, weights={"similarity": 0.5})
    assert chosen.weights == Weights(
        estimate=2.0, similarity=0.5, popularity=4.5, date_affinity=1.0
    )


def test_weights_may_be_one_json_text_in_the_environment(monkeypatch):
    monkeypatch.setenv("PALATE_WEIGHTS", '{"estimate": 0}')
    assert NightlyOptions().weights.estimate == 0.0


def test_weights_that_are_not_json_are_refused_as_a_setting(monkeypatch):
    monkeypatch.setenv("PALATE_WEIGHTS", "heavy")
    with pytest.raises((SettingsError, ValidationError)):
        NightlyOptions()


@pytest.mark.parametrize("key", ["serach_count", "search-count", "config", "TOP"])
def test_an_unknown_key_of_the_file_is_named(toml, key):
    file = toml(f'{key} = "x"\n')
    with pytest.raises(SettingsError, match=f"'{key}'") as error:
        NightlyOptions(config=file)
    assert str(file) in error.value.what


def test_an_unknown_weight_in_the_file_is_named(toml):
    with pytest.raises((SettingsError, ValidationError), match="popularty"):
        NightlyOptions(config=toml("[weights]\npopularty = 1.0\n"))


def test_an_unknown_option_is_refused():
    with pytest.raises(ValidationError, match="serach_count"):
        NightlyOptions.model_validate({"serach_count": 5})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        NightlyOptions(config=tmp_path / "nowhere.toml")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        NightlyOptions(config=tmp_path)


@pytest.mark.parametrize("content", [b"top = \n", b"top 3", b"\xff\xfe", b"top = 1\ntop = 2\n"])
def test_a_file_that_is_not_toml_is_named(tmp_path, content):
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"bad\.toml: is not valid TOML"):
        NightlyOptions(config=file)


def test_a_contradiction_between_sources_is_refused(monkeypatch, toml):
    monkeypatch.setenv("PALATE_TOP", "50")
    with pytest.raises(ValidationError, match="cannot fill a list of 50"):
        NightlyOptions(config=toml("search_count = 20\n")).settings()


def test_sources_are_merged_one_by_one_and_their_order_is_that_of_the_file(toml):
    file = toml('method = "paper"\nwithout = ["dates"]\n[sources]\ntext = 20\nsvd = 50\n')
    chosen = NightlyOptions(config=file, sources={"svd": 70})
    assert list(chosen.sources.items()) == [("text", 20), ("svd", 70)]
    assert chosen.without == ("dates",)
    assert NightlyOptions(config=file, without=("language",)).without == ("language",)


@pytest.mark.parametrize("options", [NightlyOptions, EvaluateOptions])
def test_the_method_is_the_best_one_and_an_option_changes_what_it_says_and_nothing_else(options):
    flat = flat_options(options().settings())
    assert {name: flat[name] for name in BEST} == BEST
    assert flat["method"] == "best"
    for change in ({"top": 7}, {"learn_splits": 3}, {"scorer": "llm", "llm_model": "m"}):
        assert flat_options(options(**change).settings()) == flat | change
    assert {name: options.model_fields[name].default for name in BEST} == BEST, "what --help shows"


def test_another_method_owes_the_best_one_nothing():
    paper = {"model": "svd", "search_count": 100, "reranker": "llm_only"}
    assert NightlyOptions(method="paper").settings() == plain_settings(**paper, method_name="paper")


def test_a_method_is_one_that_ships_or_a_file_and_the_environment_names_it_too(
    monkeypatch, tmp_path
):
    file = tmp_path / "mine.toml"
    file.write_text('model = "knn"\nllm_items = 3\n', encoding="utf-8")
    monkeypatch.setenv("PALATE_METHOD", str(file))
    mine = NightlyOptions().settings()
    assert (mine.method.model, mine.method.reranker) == ("knn", "weighted")
    assert (mine.llm.llm_items, mine.method_name) == (3, str(file))
    assert NightlyOptions(method="paper").settings().method_name == "paper"
    with pytest.raises(SettingsError, match="--method nearest: there is no method"):
        NightlyOptions(method="nearest")
    file.write_text("top = 3\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="unknown setting 'top'"):
        NightlyOptions()


def test_who_first_says_how_many_candidates_there_are_decides(monkeypatch, toml):
    alone = NightlyOptions(search_count=200)
    assert (alone.sources, alone.search_count, alone.reranker) == ({}, 200, "learned")
    (note,) = alone.notes()
    assert note.startswith("candidates: ease alone, 200; the method's other sources")
    file = toml("tuning = 0.5\ndepth = 2\n")
    assert NightlyOptions(config=file).settings().method.candidate_count(10) == 500
    assert NightlyOptions(config=file, depth=1).tuning == 0.5
    more = NightlyOptions(config=file, sources={"ease": 30})
    assert (more.sources, more.tuning) == (BEST["sources"] | {"ease": 30}, None)
    monkeypatch.setenv("PALATE_SEARCH_COUNT", "50")
    assert NightlyOptions(config=file).settings().method.candidate_count(10) == 50
    assert NightlyOptions().notes() and not NightlyOptions(method="paper").notes()


def test_the_base_model_proposes_beside_the_methods_sources():
    options = NightlyOptions(model="als")
    own = method_of("best")["sources"]
    assert options.settings().method.sources == {**own, "als": max(own.values())}
    assert options.notes()[0] == "candidates: 200 of als too, beside those of the method's sources"
    alone = NightlyOptions(model="als", search_count=100)
    assert not alone.settings().method.sources
    told = NightlyOptions(model="als", sources={"als": 7})
    assert told.settings().method.sources == {**own, "als": 7} and "too" not in str(told.notes())
    with pytest.raises(ValidationError, match=r"set sources\.als, or search_count for als alone"):
        NightlyOptions(model="als", sources={"als": 0})


def test_what_was_given_is_known_without_what_the_method_says(monkeypatch, toml):
    monkeypatch.setenv("PALATE_WEIGHTS__POPULARITY", "2")
    options = EvaluateOptions(config=toml("top = 7\n"), sources={"ease": 30})
    assert {name: value for name, value in options.given.items() if name != "config"} == {
        "top": 7,
        "sources": {"ease": 30},
        "weights": {"popularity": 2.0},
    }


def test_a_file_for_nights_serves_evaluations_too(toml):
    assert EvaluateOptions(config=toml("refit = 3\ntop = 7\n")).top == 7


def test_without_the_package_it_goes_without_trees_and_says_so(monkeypatch):
    monkeypatch.setattr(sources, "find_spec", lambda _name: None)
    options = NightlyOptions()
    assert not options.settings().method.learn_trees
    assert len(options.notes()) == 1 and "lightgbm" in options.notes()[0]
    assert not NightlyOptions(method="paper").notes()


def test_the_example_configuration_holds_every_default():
    example = DEPLOYMENTS / "nightly.toml"
    assert NightlyOptions(config=example).settings() == NightlyOptions().settings()
    text = example.read_text(encoding="utf-8")
    said = tomllib.loads(text)
    for name in NightlyOptions.model_fields.keys() - said.keys() - {"config"}:
        assert NightlyOptions.model_fields[name].default is None, f"{name} is not in the example"
        assert f"\n# {name} = " in text


PLAIN = (None, "rated", 3000, False, False)
LIKED = (None, "liked", 1000, True, True)
RATED = (None, "rated", 1000, True, False)
COLD = (None, "liked", 1000, True, False)
CELLS = {
    "ablation": {
        (model, order, 0, *PLAIN)
        for model in ("svd", "ease")
        for order in ("llm_only", "oracle", "random", "weighted")
    },
    "best": {(model, "none", 0, *LIKED) for model in ("als", "ease", "knn", "popularity", "svd")}
    | {
        ("ease", "learned", 440, *LIKED),
        ("ease", "learned", 440, None, "liked", 1000, False, True),
    },
    "cold": {
        *(("ease", "weighted", 0, *PLAIN), ("popularity", "none", 0, *PLAIN)),
        ("svd", "weighted", 0, *PLAIN),
    },
    "diversity": {("ease", "learned", 440, *LIKED)},
    "domains": {(model, "none", 0, *PLAIN) for model in ("als", "ease", "knn", "popularity")}
    | {(model, "weighted", 0, *PLAIN) for model in ("ease", "svd")},
    "first": {(model, "weighted", 0, *PLAIN) for model in ("ease", "svd")},
    "learned": {
        *(("ease", "learned", 440, *RATED), ("ease", "learned", 440, *COLD)),
        ("ease", "learned", 440, None, "rated", 1000, False, False),
        *(("ease", "none", 0, *RATED), ("svd", "learned", 100, *RATED)),
    },
    "temporal": {
        (model, "none", 0, *PLAIN)
        for model in ("ease", "forward-ridge", "popular-lately", "popularity")
    }
    | {("ease", "learned", 440, *LIKED)},
    "newcomers": {
        *(("ease", "learned", 440, *COLD), ("ease", "none", 0, *COLD)),
        ("popularity", "none", 0, *COLD),
    },
    "paper": {
        (model, order, 0, 100, *PLAIN[1:])
        for model, orders in {
            **dict.fromkeys(("als", "ease", "knn", "popularity"), ("none",)),
            "svd": ("llm_only", "oracle", "random", "weighted"),
            "svdpp": ("llm_only", "weighted"),
        }.items()
        for order in orders
    },
}
"""Of each grid: model, order, the sources' candidates, search_count, and what is learned how."""


@pytest.mark.parametrize("name", sorted(CELLS))
def test_the_cells_of_the_grids_mean_what_they_meant_when_they_were_measured(name):
    grid = read_grid(DEPLOYMENTS / "experiments" / f"{name}.toml", {})
    assert CELLS[name] == {
        (
            *(one.model, one.reranker, sum(one.sources.values()), one.search_count),
            *(one.learn_target, one.learn_users, one.learn_trees, one.learn_new_items),
        )
        for one in (cell.settings.method for cell in grid.cells)
    }


def test_every_grid_is_checked():
    assert {file.stem for file in (DEPLOYMENTS / "experiments").glob("*.toml")} == set(CELLS)


def test_a_cell_takes_another_number_of_candidates_than_its_method():
    assert CellOptions(method="best", search_count=30).settings().method.sources == {}
