from pathlib import Path

import pytest

from tasks.night.state import method_of
from tests.support.options import plain_settings
from tests.support.worlds import FILMS

LOGIC = {"train": ("3",), "re-rank": ("2",)}


@pytest.mark.parametrize(
    "given",
    [
        {"home": Path("elsewhere")},
        {"refit": 3},
        {"guard": False},
        {"chunk_users": 7},
        {"runner": "dask"},
        {"llm_concurrency": 3},
        {"max_requests": 9},
        {"measure_users": 5},
        {"profiles": Path("typed.csv")},
        {"data": "another/folder"},
    ],
)
def test_where_and_how_fast_is_the_same_method(given: dict[str, object]) -> None:
    assert method_of(plain_settings(**given), FILMS, LOGIC) == method_of(
        plain_settings(), FILMS, LOGIC
    )


@pytest.mark.parametrize(
    "given",
    [
        {"seed": 1},
        {"top": 5},
        {"model": "ease"},
        {"limit_users": 9},
        {"weights": {"popularity": 2}},
        {"llm_model": "gpt"},
        {"profile_style": "favourites"},
        {"learn_trees": True},
    ],
)
def test_what_may_change_a_list_is_another_method(given: dict[str, object]) -> None:
    assert method_of(plain_settings(**given), FILMS, LOGIC) != method_of(
        plain_settings(), FILMS, LOGIC
    )


def test_new_logic_and_another_data_set_are_other_methods() -> None:
    plain = method_of(plain_settings(), FILMS, LOGIC)
    assert method_of(plain_settings(), FILMS, LOGIC | {"train": ("4",)}) != plain
    assert method_of(plain_settings(), FILMS.model_copy(update={"name": "x"}), LOGIC) != plain
    assert method_of(plain_settings(), FILMS, dict(reversed(LOGIC.items()))) == plain
