from datetime import datetime

import pytest

from tasks.report.night import words

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.figure(0.2344), "0.234"),
        (words.figure(-0.0001), "0.000"),
        (words.figure(None), DASH),
        (words.change(0.02295), "+0.0230"),
        (words.change(-0.5), f"{MINUS}0.5000"),
        (words.change(-0.00001), "0.0000"),
        (words.change(None), DASH),
        (words.span(-0.005, 0.0227), f"{MINUS}0.0050 to +0.0227"),
        (words.span(None, 0.1), DASH),
        (words.more(12), "+12"),
        (words.more(-1200), f"{MINUS}1,200"),
        (words.more(0), "0"),
        (words.count(None), DASH),
        (words.percent(0.1016, 1), "10.2 %"),
        (words.dollars(0.0), "$0.00"),
        (words.dollars(0.00604), "$0.0060"),
        (words.dollars(1234.5), "$1,234.50"),
        (words.dollars(None), DASH),
        (words.moment(datetime(2026, 1, 2, 3, 4)), "2 January 2026, 03:04 UTC"),
        (words.times(1, "user has", "users have"), "1 user has"),
        (words.times(1200, "request"), "1,200 requests"),
        (words.model_name("sharp-ease"), "sharp EASE"),
        (words.model_name("mine"), "mine"),
        (words.tone("worse"), "bad"),
        (words.tone(None), "plain"),
    ],
)
def test_numbers_and_names_are_written_for_people(said, expected):
    assert said == expected


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0.044, "0.04 s"), (9.994, "9.99 s"), (99.4, "99.4 s"), (99.6, "1 min 40 s")),
        *((204.8, "3 min 25 s"), (3599.6, "1 h 00 min"), (7384, "2 h 03 min"), (None, DASH)),
    ],
)
def test_a_duration_is_as_fine_as_it_matters(seconds, said):
    assert words.duration(seconds) == said
