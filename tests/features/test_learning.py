import polars as pl

from tasks.features import learning
from tasks.features.learning import drawn_users, few_misses, trimmed
from tests.ranking.interaction import EACH, interacting

TABLE = interacting(0).with_columns(held_out=pl.col("held_out") & (pl.col("user") % 3 > 0))


def test_few_misses_keeps_all_hits_and_so_many_others_of_people_with_a_hit():
    kept = few_misses(TABLE, 0, 4)
    whole = TABLE.filter(pl.col("held_out").any().over("user"))
    assert kept.filter("held_out").equals(TABLE.filter("held_out"))
    assert set(kept["user"]) == set(whole["user"]) < set(TABLE["user"])
    misses = kept.filter(~pl.col("held_out")).group_by("user").len()["len"].to_list()
    assert misses == [4] * kept["user"].n_unique()
    assert kept.join(whole, on=["user", "item"], how="semi").equals(kept), "in their order"
    assert few_misses(TABLE, 0, EACH).equals(whole)
    assert not few_misses(TABLE, 1, 4).equals(kept)


def test_which_rows_are_kept_depends_on_the_person_alone():
    kept = few_misses(TABLE, 0, 4)
    some = pl.col("user") % 2 == 0
    assert few_misses(TABLE.filter(some), 0, 4).equals(kept.filter(some))


def test_some_peoples_lists_stay_whole_those_without_a_hit_too(monkeypatch):
    monkeypatch.setattr(learning, "WHOLE_USERS", 7)
    drawn = drawn_users(TABLE["user"].unique().sort(), 0)
    assert len(drawn) == 7 and drawn.is_sorted()
    assert not drawn.equals(drawn_users(TABLE["user"].unique().sort(), 1))
    drawn = pl.concat([drawn, pl.Series("user", [3])]).unique()
    kept = trimmed(TABLE, drawn, 0)
    theirs = pl.col("user").is_in(drawn.implode())
    assert kept.filter("whole").drop("whole").equals(TABLE.filter(theirs)), "3 has no hit"
    others = few_misses(TABLE.filter(~theirs), 0)
    assert kept.filter(~pl.col("whole")).drop("whole").equals(others)
    assert kept["user"].is_sorted()
