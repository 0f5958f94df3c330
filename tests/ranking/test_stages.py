"""Lists as the stage makes them: of stored candidates, whatever the chunk and the block."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.core.artifacts import read_table
from tasks.features.table import learned_features
from tasks.ranking import stages
from tasks.ranking.blend import Learned
from tasks.ranking.learned import learn
from tasks.ranking.options import Weights
from tasks.ranking.rankers import LISTED, LearnedRanker, OracleRanker, RandomRanker, RuleRanker
from tasks.ranking.stages import join_unrated_stage, rank_stage
from tests.features.small import CASES
from tests.features.test_stages import Stored, held_of
from tests.support.direct import Direct

KEYS = ["user", "item"]
EACH_CASE = pytest.mark.parametrize("case", CASES[:3], ids=str)


class Ranked(Stored):
    """A case, and its lists by any ranker in chunks of any size."""

    def __init__(self, home, case):
        super().__init__(home, case)
        self.held_out = self.write("held_out", held_of(case).sort("user", maintain_order=True))

    def rankers(self):
        every = {"popularity": 1.0, "external_quality": 0.5, "external_votes": 0.5}
        names = tuple(learned_features(self.known.models, (), similarity=True))
        fitted = learn([self.table(held_of(self.case))], [], 0)
        yield RuleRanker.of("weighted", Weights(**every), 0.0)
        yield RuleRanker.of("rrf", Weights(**every), 0.0)
        yield RuleRanker.of("filter", Weights(), 0.1)
        yield RuleRanker.of("none", Weights(), 0.0)
        yield LearnedRanker(features=names, learned=Learned(weights=fitted))
        yield RandomRanker(seed=7)
        yield OracleRanker()

    def lists(self, ranker, size=100, explained=3, held_out=None):
        models = self.known.models if isinstance(ranker, LearnedRanker) else {}
        made = Direct(self.home).chunks(
            rank_stage,
            self.users.rows,
            size,
            users=self.users,
            pairs=self.pairs,
            known=self.known.model_copy(update={"models": models}),
            ranker=ranker,
            explained=explained,
            held_out=held_out or self.held_out,
        )
        return read_table(self.home, made)


@EACH_CASE
def test_every_ranker_gives_the_same_lists_whatever_the_chunk_and_the_block(
    tmp_path, case, monkeypatch
):
    ranked = Ranked(tmp_path, case)
    asked = read_table(tmp_path, ranked.pairs).select(KEYS).sort(KEYS)
    for ranker in ranked.rankers():
        whole = ranked.lists(ranker)
        assert whole.columns == list(LISTED)
        assert whole.select(KEYS).sort(KEYS).equals(asked), "a permutation of the candidates"
        for size in (1, 3):
            assert_frame_equal(ranked.lists(ranker, size), whole, abs_tol=1e-6)
        with monkeypatch.context() as patch:
            patch.setattr(stages, "BLOCK_USERS", 2)
            assert_frame_equal(ranked.lists(ranker), whole, abs_tol=1e-6)
            assert_frame_equal(ranked.lists(ranker, 3), whole, abs_tol=1e-6)


def test_nobody_but_the_oracle_sees_what_is_held_out(tmp_path):
    ranked = Ranked(tmp_path, CASES[0])
    other = ranked.write("held_out", held_of(CASES[0]).head(2).sort("user"))
    for ranker in ranked.rankers():
        same = ranked.lists(ranker).equals(ranked.lists(ranker, held_out=other))
        assert same != isinstance(ranker, OracleRanker)


def test_the_oracle_puts_hits_first(tmp_path):
    ranked = Ranked(tmp_path, CASES[0])
    hits = set(held_of(CASES[0]).select(KEYS).rows())
    for mine in ranked.lists(OracleRanker()).partition_by("user"):
        is_hit = [pair in hits for pair in mine.select(KEYS).rows()]
        assert is_hit == sorted(is_hit, reverse=True)


def test_similarities_of_the_scorer_are_in_the_lists_and_null_where_it_has_none(tmp_path):
    ranked = Ranked(tmp_path, CASES[0])
    assert ranked.known.scores
    scores = read_table(tmp_path, ranked.known.scores).select(*KEYS, expected="similarity")
    both = ranked.lists(RuleRanker.of("llm_only", Weights(), 0.0)).join(scores, on=KEYS, how="left")
    assert both["similarity"].equals(both["expected"]) and both["similarity"].null_count() == 2
    unscored = ranked.known.model_copy(update={"scores": None})
    ranked.known = unscored
    lists = ranked.lists(RuleRanker.of("none", Weights(), 0.0))
    assert lists["similarity"].null_count() == lists.height
    assert lists.columns == list(LISTED)


def test_unrated_items_compete_by_their_share_and_come_last_in_the_base_list(tmp_path):
    ranked = Ranked(tmp_path, CASES[0])
    lists = ranked.lists(next(ranked.rankers())).filter(pl.col("user") != 8)
    fresh = lists.filter(pl.col("rank") <= 2).with_columns(
        item=pl.col("item") + 1, base_rank=pl.col("rank"), score=pl.lit(10.0)
    )
    steps, stored = Direct(tmp_path), [ranked.write("ranked", one) for one in (lists, fresh)]
    both, parts = (
        read_table(
            tmp_path,
            steps.chunks(
                join_unrated_stage,
                ranked.users.rows,
                size,
                users=ranked.users,
                lists=stored[0],
                unrated=stored[1],
                share=0.3,
            ),
        )
        for size in (100, 3)
    )
    assert parts.equals(both)
    assert both.columns == list(LISTED)
    assert both.filter(pl.col("item") % 10 == 1)["score"].to_list() == [3.0] * fresh.height
    for mine in both.partition_by("user"):
        assert sorted(mine["rank"]) == sorted(mine["base_rank"]) == list(range(1, len(mine) + 1))
        assert mine.sort("rank")["score"].is_sorted(descending=True)
        assert set(mine.sort("base_rank")["item"].tail(2) % 10) == {1}
