from datetime import datetime

import pytest

from tasks.report import text

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (text.figure(0.2344), "0.234"),
        (text.figure(-0.0001), "0.000"),
        (text.figure(None), DASH),
        (text.change(0.02295), "+0.0230"),
        (text.change(-0.5), f"{MINUS}0.5000"),
        (text.change(-0.00001), "0.0000"),
        (text.change(None), DASH),
        (text.span(-0.005, 0.0227), f"{MINUS}0.0050 to +0.0227"),
        (text.span(None, 0.1), DASH),
        (text.more(12), "+12"),
        (text.more(-1200), f"{MINUS}1,200"),
        (text.more(0), "0"),
        (text.count(None), DASH),
        (text.percent(0.1016, 1), "10.2 %"),
        (text.dollars(0.0), "$0.00"),
        (text.dollars(0.00604), "$0.0060"),
        (text.dollars(1234.5), "$1,234.50"),
        (text.dollars(None), DASH),
        (text.date(datetime(2026, 11, 4, 23, 59)), "4 November 2026"),
        (text.day(datetime(2026, 11, 4, 23, 59)), "Wednesday, 4 November 2026"),
        (text.moment(datetime(2026, 1, 2, 3, 4)), "2 January 2026, 03:04 UTC"),
        (text.times(1, "user has", "users have"), "1 user has"),
        (text.times(1200, "request"), "1,200 requests"),
        (text.model_name("sharp-ease"), "sharp EASE"),
        (text.model_name("mine"), "mine"),
        (text.tone("worse"), "bad"),
        (text.tone(None), "plain"),
    ],
)
def test_numbers_and_names_are_written_for_people(written, expected):
    assert written == expected


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        *((0.044, "0.04 s"), (9.994, "9.99 s"), (99.4, "99.4 s"), (99.6, "1 min 40 s")),
        *((204.8, "3 min 25 s"), (3599.6, "1 h 00 min"), (7384, "2 h 03 min"), (None, DASH)),
    ],
)
def test_a_duration_is_as_fine_as_it_matters(seconds, written):
    assert text.duration(seconds) == written
