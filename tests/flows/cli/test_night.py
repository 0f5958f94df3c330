import polars as pl
import pytest

from flows.cli.night import OPTIONAL, why_not_measured
from flows.cli.tables import without_blank
from tests.support.options import plain_settings

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
    why = why_not_measured(plain_settings(**given))
    assert said in why and (said == "as many requests again") == ("requests" in why)


def test_sentences_are_shown_only_where_there_are_any():
    rows = pl.DataFrame({"rank": [1, 2], "why": [None, "You like trains."]})
    assert without_blank(rows, *OPTIONAL).columns == ["rank", "why"]
    blank = rows.with_columns(why=pl.lit(None, pl.String))
    for empty in (blank, blank.clear()):
        assert without_blank(empty, *OPTIONAL).columns == ["rank"]
