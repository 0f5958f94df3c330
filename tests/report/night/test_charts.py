import math
from datetime import datetime

from tasks.report.night import charts


def row(name, difference, verdict, **more):
    around = {"low": difference - 0.01, "high": difference + 0.01}
    return {"name": name, "difference": difference, "verdict": verdict} | around | more


def night(day, base):
    value = None if base is None else base + 0.01
    return {"finished_at_utc": datetime(2026, 1, day, 3), "base": base, "reranked": value}


def test_colours_come_from_the_page_and_nothing_is_styled_in_place():
    svg = charts.intervals([row("HR@10", 0.02, "higher"), row("NDCG@10", -0.02, "worse")])
    assert 'stroke="var(--good)"' in svg and 'fill="var(--bad)"' in svg
    assert "style=" not in svg and "#" not in svg and "class=" not in svg
    assert svg.startswith('<svg aria-hidden="true" ') and "HR@10" in svg


def test_what_was_not_compared_is_not_drawn():
    unknown = row("few", 0.0, "insufficient") | {"difference": None}
    assert "few" not in charts.intervals([row("all", 0.1, "higher"), unknown])
    assert charts.intervals([unknown]) == ""


def test_nights_are_drawn_from_the_second_that_was_measured():
    assert charts.nights([night(1, 0.1), night(2, None)]) == ""
    svg = charts.nights([night(1, 0.1), night(2, None), night(3, 0.2)])
    assert "re-ranked list" in svg and "var(--accent)" in svg


def test_a_histogram_counts_every_number_that_is_one():
    svg = charts.histogram([0.5, 0.5, 2.0, math.nan, math.inf], "seconds")
    assert "seconds" in svg and svg.count('fill="var(--accent)"') == 2
    assert charts.histogram([], "seconds") == charts.histogram([math.nan], "seconds") == ""
    assert "<svg" in charts.histogram([0.0], "seconds")


def test_the_same_rows_give_the_same_bytes():
    rows = [row("HR@10", 1 / 3, "higher")]
    assert charts.intervals(rows) == charts.intervals(rows)
    assert "333333" not in charts.intervals(rows)
