import polars as pl
import pytest

from flows.cli.shown.night import why_not_measured, without_blank
from tests.support.composed import night_settings

ASKING = {"scorer": "llm", "llm_model": "m"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"measure_users": 0}, "measure_users is 0"),
        (ASKING | {"measure_users": 0}, "measure_users is 0"),
        (ASKING, "as many requests again"),
        (ASKING | {"measure_users": 5}, "stopped answering"),
    ],
)
def test_a_night_without_figures_says_the_reason_that_holds(given, said):
    why = why_not_measured(night_settings(**given))
    assert said in why and (said == "as many requests again") == ("requests" in why)


def test_sentences_are_shown_only_where_there_are_any():
    rows = pl.DataFrame({"rank": [1, 2], "why": [None, "You like trains."]})
    assert without_blank(rows).columns == ["rank", "why"]
    blank = rows.with_columns(why=pl.lit(None, pl.String))
    assert without_blank(blank).columns == without_blank(blank.clear()).columns == ["rank"]
