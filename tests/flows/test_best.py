"""Which method a night takes where none is asked for."""

import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flows.best import best_method, with_best

from flows import best
from tasks.settings.settings import Settings
from tasks.store.query import query
from tests.support.in_process import Terminal

BEST = Path(__file__).parents[2] / "deployments" / "best.toml"


def test_without_a_method_it_is_the_best_one_and_all_else_is_as_it_was() -> None:
    chosen = with_best(Settings(top=7, seed=3, diversity=0.2))
    told = tomllib.loads(BEST.read_text(encoding="utf-8"))
    assert {name: chosen.model_dump()[name] for name in told if name != "without"} == {
        name: value for name, value in told.items() if name != "without"
    }
    assert chosen.without == ("external",)
    assert (chosen.top, chosen.seed, chosen.diversity) == (7, 3, 0.2)


@pytest.mark.parametrize(
    "given",
    [
        {"model": "svd"},
        {"reranker": "weighted"},
        {"weights": {"popularity": 2}},
        {"scorer": "embedded"},
        {"search_count": 50},
        {"learn_splits": 3},
        {"learn_new_items": False},
    ],
    ids=str,
)
def test_whoever_chooses_a_part_of_the_method_gets_that_and_plain_defaults(given: Any) -> None:
    settings = Settings(**given)
    assert with_best(settings) is settings


def test_a_model_that_only_explains_chooses_no_method() -> None:
    assert with_best(Settings(explain=True, llm_model="m")).model == "ease"
    told = Settings(explain=True, llm_model="m", scorer="llm")
    assert with_best(told) is told
    named = Settings(llm_model="m")
    assert with_best(named) is named


def test_a_part_of_the_method_in_the_environment_or_a_file_counts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "night.toml"
    file.write_text('model = "knn"\n', encoding="utf-8")
    assert with_best(Settings(config=file)).model == "knn"
    file.write_text("top = 5\n", encoding="utf-8")
    assert with_best(Settings(config=file)).model == "ease"
    assert with_best(Settings(config=file)).top == 5
    monkeypatch.setenv("PALATE_MODEL", "popularity")
    assert with_best(Settings()).model == "popularity"


def test_without_the_package_it_goes_without_trees_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(best, "find_spec", lambda _name: None)
    monkeypatch.setattr(best, "say", said.append)
    assert best_method()["learn_trees"] is False
    assert len(said) == 1 and "lightgbm" in said[0]


def test_on_data_too_small_to_learn_from_the_plain_method_serves(
    tmp_path: Path, terminal: Terminal
) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    pairs = [(user, item) for user in range(4) for item in range(6) if (user + item) % 3]
    ratings = {"user": [u for u, _ in pairs], "item": [i for _, i in pairs], "rating": 4.0}
    pl.DataFrame(ratings).write_csv(folder / "ratings.csv")
    items = {"item": list(range(6)), "title": [f"Film {i}" for i in range(6)]}
    pl.DataFrame(items).write_csv(folder / "items.csv")
    done = terminal.succeed("nightly", "--data", folder, "--top", 2, "--measure-users", 0)
    assert "The plain method serves" in done.stderr
    runs = query(terminal.home, "SELECT model, reranker, status FROM runs").rows()
    assert runs == [("svd", "weighted", "complete")]
