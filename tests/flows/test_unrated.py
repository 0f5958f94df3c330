"""Items that nobody has rated, in learned lists."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import learning
from flows.candidates import propose
from flows.inner import inner_split
from flows.ranking import MOST_NEW, rank
from tasks.core.artifacts import read_table
from tasks.core.errors import TooLittleDataError
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct

FRESH = [101, 102, 103]


class Lists:
    """Learned lists over a catalogue with three items that nobody has rated."""

    def __init__(self, home: Path, **given: Any) -> None:
        self.home, self.steps = home, Direct(home)
        fixed: dict[str, Any] = {"model": "ease", "reranker": "learned", "learn_new_items": True}
        settings = options(home, **fixed | given)
        made = world(home / "data", settings)
        new = made.items.head(3).with_columns(item=pl.Series(FRESH), title=pl.lit("Brand new"))
        made = type(made)(made.ratings, made.tags, pl.concat([made.items, new]), made.parts)
        self.pipeline = pipeline_of(made, settings, self.steps)
        self.ranked = rank(self.pipeline, propose(self.pipeline))
        self.lists = self.ranked.lists
        self.table = self.read(self.lists)
        self.fresh = self.table.filter(pl.col("item").is_in(FRESH))

    def read(self, artifact: Any) -> pl.DataFrame:
        return read_table(self.home, artifact)


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Lists:
    return Lists(tmp_path_factory.mktemp("unrated"))


def test_they_compete_by_score_and_come_last_in_the_base_lists(lists: Lists) -> None:
    assert lists.fresh.height == 3 * lists.table["user"].n_unique()
    for _, mine in lists.table.group_by("user"):
        assert sorted(mine["rank"]) == sorted(mine["base_rank"]) == list(range(1, len(mine) + 1))
        assert mine.sort("rank")["score"].is_sorted(descending=True)
        assert set(mine.sort("base_rank")["item"].tail(3)) == set(FRESH)
    assert lists.table.null_count()["score"].item() == 0


def test_learned_lists_carry_the_parts_of_every_item_rated_or_not(lists: Lists) -> None:
    shown = lists.table.filter(pl.col("rank") <= lists.pipeline.top)
    assert shown.select("estimate", "base_rank", "score").null_count().sum_horizontal().item() == 0
    fresh = shown.filter(pl.col("item").is_in(FRESH))
    assert fresh.height and fresh["reasons"].count() > 0, "their texts speak for some"


def test_what_they_are_judged_by_is_learned_from_items_whose_ratings_were_hidden(
    lists: Lists,
) -> None:
    outer = {item for call in lists.steps.of("find unrated items") for item in _ids(lists, call)}
    assert outer == set(FRESH)
    inner = [call for call in lists.steps.of("split") if call.given["protocol"] == "cold-item"]
    assert len(inner) == 2
    for call in inner:
        hidden, train = lists.read(call.gave.new_items)["item"], lists.read(call.gave.train)["item"]
        assert not set(hidden) & set(train) and not set(hidden) & set(FRESH)
    known, judged = (call.given["ranker"].learned for call in lists.steps.of("rank"))
    assert "ease" in known.weights.features and "ease" not in judged.weights.features
    fitted = lists.ranked.fitted
    assert fitted.learned == known and fitted.unrated and fitted.unrated.learned == judged
    for call in lists.steps.of("offer nearest new items"):
        assert call.given["count"] == MOST_NEW


def test_their_scores_foresee_the_share_of_ratings_that_the_others_foresee(lists: Lists) -> None:
    (call,) = lists.steps.of("join unrated items")
    split = lists.steps.of("split")[0].gave
    assert lists.steps.of("split")[0].given["protocol"] == "split", "as the others are learned"
    held, kept = lists.read(split.held_out).height, lists.read(split.train).height
    assert call.given["share"] == pytest.approx(held / (held + kept))
    before = lists.read(call.given["unrated"]).select("user", "item", alone="score")
    told = lists.fresh.join(before, on=["user", "item"])
    expected = told["alone"] * call.given["share"]
    assert told["score"].to_list() == pytest.approx(expected.to_list())


def test_without_language_or_the_wish_they_stay_out(tmp_path: Path) -> None:
    assert Lists(tmp_path / "a", without=("language",)).fresh.is_empty()
    assert Lists(tmp_path / "b", learn_new_items=False).fresh.is_empty()


def test_where_too_little_is_hidden_to_learn_from_they_stay_out_and_the_lists_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_few(pipeline: Any, number: int) -> Any:
        if pipeline.inner_protocol == "cold-item":
            raise TooLittleDataError("Hardly anything was hidden.", "Rate more.")
        return inner_split(pipeline, number)

    monkeypatch.setattr(learning, "inner_split", too_few)
    lists = Lists(tmp_path)
    assert lists.fresh.is_empty() and lists.table.height > 0
    assert lists.ranked.fitted.unrated is None


def _ids(lists: Lists, call: Any) -> list[int]:
    return lists.read(call.gave)["item"].to_list()
