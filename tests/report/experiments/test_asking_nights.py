import json
from datetime import datetime

import polars as pl

from tasks.cascade.alone import BLENDED, LEARNED, MODEL, MOST_RATED
from tasks.store.warehouse import publish
from tests.report.experiments.reading import front_of, page_of, section, tables_are_whole
from tests.report.experiments.test_judged import made as with_recorded


def night(run_id, day, way="ratings", **more):
    config = {"llm_model": "small|model", "llm_ask": way, "llm_head": 30}
    return {
        "run_id": run_id,
        "flow": "nightly",
        "started_at_utc": datetime(2026, 1, day, 3),
        "finished_at_utc": datetime(2026, 1, day, 4),
        "seconds": 60.0,
        "dataset": "books",
        "versions": "{}",
        "config": json.dumps(config | {"llm_show": ["year", "genres", "rating"]} | more),
    }


def figures(run_id, alone):
    rows = [
        (LEARNED, None, "NDCG@10", 0.4, 50),
        (LEARNED, None, "AUC", 0.7, 50),
        (MOST_RATED, None, "AUC", 0.6, 50),
        (MODEL, None, "AUC", alone, 50),
        (BLENDED, None, "AUC", 0.71, 25),
        (MODEL, MOST_RATED, "AUC", alone - 0.6, 50),
    ]
    return [
        {"run_id": run_id, "part": "heads, split", "place": place, "list": name}
        | {"judge": "small|model" if MODEL in name else None, "against": against}
        | {"metric": metric, "value": value, "low": value - 0.01, "high": value + 0.01}
        | {"p": None, "p_holm": None, "users": users}
        | {"verdict": "lower" if against else None}
        for place, (name, against, metric, value, users) in enumerate(rows)
    ]


def part(run_id, name, gain):
    ends = {"low": None, "high": None} if gain is None else {"low": -0.02, "high": 0.03}
    told = {"run_id": run_id, "part": name, "asked": False, "tonight": 9, "people": 25}
    return told | {"gain": gain} | ends


def request(run_id, number):
    return {
        "id": f"{run_id}-{number}",
        "run_id": run_id,
        "kind": "rate",
        "judge": "small|model rate-1",
        "pairs": 15,
        "sent_at": 1.0,
        "finished_at": 2.0,
        "attempts": 1,
        "perhaps_billed": 0,
        "tokens_in": 300,
        "tokens_cached": 150,
        "tokens_out": 90,
        "latency_seconds": 30.0,
        "outcome": "answered",
    }


def made(tmp_path):
    runs = [night("a", 1), night("b", 2), night("c", 3, "probability")]
    tables = {
        "judgements": [row for r in runs for row in figures(r["run_id"], 0.55)],
        "judged_parts": [
            part("a", "warm people", 0.2),
            part("b", "warm people", 0.01),
            part("b", "new people", None),
            part("c", "warm people", None),
        ],
        "llm_requests": [request("b", number) for number in range(4)],
    }
    for run in runs:
        mine = {
            name: pl.DataFrame(rows, infer_schema_length=None).filter(run_id=run["run_id"])
            for name, rows in tables.items()
        }
        publish(tmp_path, {"runs": pl.DataFrame([run])} | mine)
    return tmp_path


def test_the_page_of_all_has_a_line_for_the_newest_night_of_each_way(tmp_path):
    text = front_of(made(tmp_path))
    told = section(text, "What real language models added")
    lines = [line for line in told.splitlines() if line.startswith("- ")]
    orders = (
        "50 people: AUC .550 [.540, .560] alone, .600 by the most rated first, .700 by the learned"
        " order; to NDCG@10 it adds"
    )
    gain = "+.0100 [-.0200, +.0300], no difference shown (warm people)"
    assert lines == [
        f"- small\\|model, by probability, {orders} what too few people show.",
        f"- small\\|model, by ratings, {orders} {gain}.",
    ]
    assert "(results/asked-books.md)" in told


def test_its_page_says_what_was_shown_what_may_leak_and_the_price(tmp_path):
    text = page_of(made(tmp_path), "asked-books")
    ratings = section(text, "small\\|model, ratings")
    assert "its title, year, genres; of a person a dozen of their own" in ratings
    assert "title, year, genres, rating; of a person what they rated highest" in text
    assert "`split`. Only `horizon`" in text and "remember public data sets" in text
    assert "| language model | most rated first | AUC | -.0500" in ratings
    assert "| new people | 25 | too few people | no |" in ratings
    assert "of 60 scores asked for, 15.0 to a request: 20.0 tokens read, 10.0 of them" in ratings
    assert "6.0 written, 2.0 s" in ratings
    assert tables_are_whole(text) == 6


def test_nights_without_such_figures_are_no_results(tmp_path):
    home = made(tmp_path)
    run = night("d", 4)
    publish(home, {"runs": pl.DataFrame([run])})
    assert "asked-books" in front_of(home)
    assert "Run d " not in page_of(home, "asked-books")


def test_beside_recorded_judgements_it_is_a_paragraph_of_its_own(tmp_path):
    text = front_of(made(with_recorded(tmp_path)))
    told = section(text, "What real language models added")
    assert "|\n\nAsked by Palate itself on books" in told
    tables_are_whole(text)
