"""Histories that end with each kind of night, with everything that the results can hold."""

import json
import random
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from tasks.store.warehouse import publish
from tests.sql.nights import START, a_night
from tests.store.rows import a_run

TOP = 3
ITEMS = [str(item) for item in range(1, 9)]
PEOPLE = [str(person) for person in range(1, 6)]
METRICS = "NDCG", "NDCG liked", "HR"


class Night(NamedTuple):
    """A night in a history. `kept`: it keeps the models and lists of the night before it."""

    status: str = "complete"
    measures: bool = True
    kept: bool = False
    dataset: str = "films"


KINDS = {
    "first": [Night()],
    "kept": [Night(), Night(), Night(dataset="books"), Night(measures=False, kept=True)],
    "degraded": [Night(), Night(), Night("degraded", measures=False)],
    "guarded": [Night(), Night(measures=False, kept=True), Night("guarded")],
}


def name_of(place: int) -> str:
    return f"202602{place + 1:02}-030000-aaaaaa"


def publish_kind(home: Path, kind: str) -> None:
    """The nights of this kind, after an experiment, a replay, wishes and choices."""
    chance = random.Random(kind)
    others: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for made in (
        _experiment(chance),
        _replay(chance),
        _wishes(chance),
        _judgements(chance),
        _choices(chance),
    ):
        for name, rows in made.items():
            others[name] += rows
    publish(home, {name: _frame(rows) for name, rows in others.items()})
    nights = KINDS[kind]
    for place, night in enumerate(nights):
        since = place - 1 if night.kept else place
        while nights[since].dataset != night.dataset or nights[since].kept:
            since -= 1
        publish(home, _night(chance, place, night, since))


def _night(chance: random.Random, place: int, night: Night, since: int) -> dict[str, pl.DataFrame]:
    run_id, made_in = name_of(place), name_of(since)
    measured_in = made_in if night.kept else run_id if night.measures else None
    told = {"status": night.status, "dataset": night.dataset, "model_from": made_in}
    started = START + timedelta(days=place, minutes=chance.randrange(60))
    run = a_night(run_id, started, chance.uniform(20, 200), **told, measured_in=measured_in)["runs"]
    users = {"users": 7, "users_listed": 5, "top": TOP}
    run = run.with_columns(**{name: pl.lit(count) for name, count in users.items()})
    rows = {
        "stages": _stages(chance, night, place),
        "dropped": _counted(chance, "reason", ["twice the same", "no such item"], "rows"),
        "changes": [
            row | {"lists": "kept" if night.kept else "new"}
            for row in _counted(chance, "reason", ["new ratings", f"of night {place % 2}"], "users")
        ],
        "guard": _guard(chance, night),
        "llm_requests": _requests(chance, run_id, started),
        "judged_parts": _judged_parts(chance, night),
        "judging_prices": _judging_prices(chance, place),
    }
    if night.measures:
        rows |= _measured(chance, place)
    frames = {name: _frame(of, run_id) for name, of in rows.items()}
    lists = _lists(night, since, None if since == place else made_in)
    return {"runs": run, "ranked_items": _ranked(run_id, lists)} | frames


def _lists(night: Night, since: int, listed_in: str | None) -> list[dict[str, Any]]:
    """Orders of one night; the last person has rated nearly everything."""
    rows = []
    for person in PEOPLE:
        count, seed = (2 if person == "5" else len(ITEMS)), int(person) * (since + 1)
        base = sorted(ITEMS, key=lambda item: (int(item) * 7 * seed) % 11)[:count]
        reranked = sorted(base, key=lambda item: (int(item) * 5 * (seed + 2)) % 13)
        for item in base:
            ours, theirs = base.index(item) + 1, reranked.index(item) + 1
            if min(ours, theirs) <= TOP:
                order = ours if night.status == "degraded" else theirs
                ranks = {"base_rank": ours, "reranked_rank": order}
                ranks["rank"] = ours if night.status == "guarded" else order
                rows.append({"user": person, "item": item, "listed_in": listed_in} | ranks)
    return rows


def _ranked(run_id: str, lists: list[dict[str, Any]]) -> pl.DataFrame:
    table = pl.DataFrame(lists, schema_overrides={"listed_in": pl.String})
    ranks = pl.col("base_rank", "reranked_rank", "rank").cast(pl.Int32)
    titled = table.with_columns(ranks, title="Film " + pl.col("item"), reasons=pl.lit("like Heat"))
    own = a_run(run_id)["ranked_items"].head(1)
    return own.drop(set(own.columns) & set(titled.columns)).join(titled, how="cross")


def _stages(chance: random.Random, night: Night, place: int) -> list[dict[str, Any]]:
    """Each night takes longer than those before it."""
    named = [("Read", "ingest", ""), ("Fit", "train", "tonight"), ("Fit", "train", "tonight")]
    return [
        {"place": number, "phase": phase, "stage": stage, "part": part, "rows": 7}
        | {"cached": night.kept and stage == "train", "seconds": chance.uniform(1, 2) * 3**place}
        for number, (phase, stage, part) in enumerate([*named, ("Measure", "measure", "loo")])
    ]


def _counted(
    chance: random.Random, name: str, values: list[str], counted: str
) -> list[dict[str, Any]]:
    counts = chance.sample(range(1, 99), len(values))
    return [{name: value, counted: count} for value, count in zip(values, counts, strict=True)]


def _guard(chance: random.Random, night: Night) -> list[dict[str, Any]]:
    rows = []
    for segment in ("everybody", "0 to 49 ratings", "50 ratings or more"):
        worse = night.status == "guarded" and segment != "50 ratings or more"
        base, reranked = chance.random(), chance.random()
        told = {"base": base, "reranked": reranked, "difference": reranked - base}
        told |= {"low": reranked - base - 0.1, "high": reranked - base + 0.1}
        known = night.kept or night.status != "complete"
        verdict = ("worse" if worse else "not worse") if known else "insufficient"
        about = {"segment": segment, "users": 9, "ratings": 20, "metric": "NDCG", "k": TOP}
        rows.append(about | (told if known else dict.fromkeys(told)) | {"verdict": verdict})
    return rows


def _requests(chance: random.Random, run_id: str, at: datetime) -> list[dict[str, Any]]:
    rows = []
    for number in range(6):
        moment = (at - timedelta(days=25 * (number % 2))).timestamp()
        price = None if number == 3 else chance.randrange(10**9)
        rows.append(
            {"id": f"{run_id}-{number}", "kind": ("score", "profile")[number % 3 == 0]}
            | {"judge": "fake", "pairs": 25, "sent_at": moment, "finished_at": moment}
            | {"attempts": 1, "perhaps_billed": 0, "cost_nano_dollars": price}
            | {"tokens_in": chance.randrange(999), "tokens_out": 9, "outcome": "answered"}
        )
    return rows


def _judged_parts(chance: random.Random, night: Night) -> list[dict[str, Any]]:
    """New items' people are too few to measure on; on a degraded night nothing is asked about."""
    rows = []
    for part in ("warm people", "new people", "new items"):
        gain = None if part == "new items" else chance.uniform(-0.01, 0.02)
        ends = None if gain is None else (gain - 0.005, gain + 0.005)
        asked = bool(ends and ends[0] > 0) and night.status != "degraded"
        told = {"part": part, "asked": asked, "tonight": chance.randrange(99), "people": 9}
        rows.append(told | {"gain": gain, "low": ends and ends[0], "high": ends and ends[1]})
    return rows


def _judging_prices(chance: random.Random, place: int) -> list[dict[str, Any]]:
    """A later night's model has a price, the first one's not."""
    return [
        {"purpose": purpose, "requests": chance.randrange(999), "prompt_tokens": 9}
        | {"answer_tokens": 9, "dollars": chance.random() if place else None}
        for purpose in ("sample", "lists")
    ]


def _cell(number: int, **given: Any) -> dict[str, Any]:
    config = {"weights": {"estimate": 1, "similarity": 0.5, "popularity": 0, "date_affinity": 1}}
    return (
        {"cell": number, "label": "held out", "dataset": "films", "protocol": "loo"}
        | {"model": "ease", "model_options": None, "scorer": "embedded", "reranker": "weighted"}
        | {"external": False, "leaky": False, "top": TOP, "candidates": 100, "first_seed": 0}
        | {"seeds": 1, "users": 9, "status": "run", "skipped": "{}"}
        | given
        | {"config": json.dumps(config | given.get("config", {}))}
    )


def _figures(chance: random.Random, cell: int) -> list[dict[str, Any]]:
    return [
        {"cell": cell, "list": side, "metric": metric, "k": k, "mean": chance.random()}
        | {"seeds": 1, "users": 9}
        for side in ("base", "reranked")
        for metric in METRICS
        for k in (TOP, 10)
    ]


def _compared(chance: random.Random, cell: int, **given: Any) -> list[dict[str, Any]]:
    return [
        {"cell": cell, "list": "reranked", "against": cell, "against_list": "base"}
        | {"says": "what re-ranking adds", "metric": metric, "k": k, "p": 0.1, "p_holm": 0.2}
        | {name: chance.random() for name in ("difference", "low", "high", "better", "worse")}
        | {"users": 9, "seeds": 1, "verdict": "higher"}
        | given
        for metric in METRICS
        for k in (TOP, 10)
    ]


def _measured(chance: random.Random, place: int) -> dict[str, list[dict[str, Any]]]:
    """A night's own measurement: the seed of the last nights is one, and not of all people."""
    people = chance.sample([*PEOPLE, "8", "9"], 6)
    told = {"cell": 0, "seed": 0, "metric": "NDCG", "k": TOP}
    values = [
        told | {"user": user, "list": side, "value": chance.choice([0.0, 0.25, 0.5, 1.0])}
        for user in people
        for side in ("base", "reranked")
    ]
    features = [
        {"cell": 0, "feature": name, "feature_group": "popularity", "mean": 0.0, "spread": 1.0}
        | {"weight": chance.uniform(-1, 1), "gain": chance.random()}
        for name in ("popularity", "age", "ease")
    ]
    return {
        "cells": [_cell(0, first_seed=int(place == 0))],
        "cell_metrics": _figures(chance, 0),
        "comparisons": _compared(chance, 0),
        "user_metrics": values,
        "learned_weights": features,
    }


def _run(flow: str, day: int, **config: Any) -> dict[str, Any]:
    moment = datetime(2026, 1, day, 12)
    run_id = f"202601{day:02}-120000-cccccc"
    return {"run_id": run_id, "flow": flow, "seconds": 60.0, "versions": "{}"} | {
        "started_at_utc": moment,
        "finished_at_utc": moment,
        "config": json.dumps(config),
    }


def _frame(rows: list[dict[str, Any]], run_id: str | None = None) -> pl.DataFrame:
    table = pl.DataFrame(rows, infer_schema_length=None)
    return table if run_id is None else table.with_columns(run_id=pl.lit(run_id))


def _of(run: dict[str, Any], **tables: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    mine = {"run_id": run["run_id"]}
    return {"runs": [run]} | {name: [mine | row for row in rows] for name, rows in tables.items()}


def _experiment(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Methods, one that cheats, and base lists of one model with other options and tuned."""
    made = [
        _cell(0, label="all"),
        _cell(1, label="without language"),
        _cell(2, label="oracle", reranker="oracle"),
        _cell(3, label="popularity", model="popularity", reranker="none"),
        _cell(4, label="sharp", reranker="none", model_options="regularization 9"),
        _cell(5, label="tuned", reranker="none", config={"tune": ["ease_regularization"]}),
        _cell(6, label="all", dataset="books", protocol="split", leaky=True),
    ]
    says = {"against": 1, "against_list": "reranked", "says": "what language adds: all"}
    other = {"against": 0, "against_list": "reranked", "says": "what luck adds"}
    compared = [
        *_compared(chance, 0),
        *_compared(chance, 0, **says),
        *_compared(chance, 2, **other),
    ]
    figures = [row for cell in made for row in _figures(chance, cell["cell"])]
    run = _run("experiment", 2, name="language")
    return _of(run, cells=made, cell_metrics=figures, comparisons=compared)


def _replay(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    labels = "published lists", "ease", "published lists, newcomers"
    made = [_cell(n, label=label, protocol="replay") for n, label in enumerate(labels)]
    nights = [
        {"night": night, "moment": datetime(2026, 1, 1 + night), "people": 9, "judged": 5}
        | {"newcomers": 2, "new_lists": 9, "fitted": True, "status": "complete"}
        | {"requests": 0, "seconds": 1.0, "work_seconds": 1.0}
        for night in range(2)
    ]
    values = [
        {"cell": cell, "seed": night, "list": side, "user": user, "metric": metric, "k": TOP}
        | {"value": chance.random()}
        for cell in range(3)
        for night in range(2)
        for side in ("base", "reranked")
        for user in PEOPLE[: 5 - 2 * (cell == 2)]
        for metric in ("NDCG", "NDCG liked")
    ]
    steps = [
        {"night": night, "lowest": low, "highest": low + 0.5, "pairs": chance.randrange(1, 99)}
        | {"foretold": chance.random(), "happened": chance.random()}
        for night in range(2)
        for low in (0.0, 0.5)
    ]
    run = _run("replay", 3)
    return _of(run, cells=made, replayed_nights=nights, user_metrics=values, reliability=steps)


def _wishes(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    names = "fit", "fit_without", "fit_simple", "steer"
    rows = [
        {"user": f"{taste}, {situation}, {turn}", "taste": taste, "situation": situation}
        | {name: chance.random() for name in names}
        | {"known": float(chance.randrange(99))}
        for taste in ("zombies", "trains", "rain")
        for situation in ("no ratings", "three ratings")
        for turn in range(1 + len(taste) % 3)
    ]
    return _of(_run("wishes", 4), wishes=rows)


def _judgements(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Two measurements, of which the last counts; lists, then differences, of each part."""
    made = []
    for day in (5, 6):
        rows = [
            {"part": part, "place": place, "judge": judge, "list": "both", "against": against}
            | {"metric": "NDCG@10", "verdict": "higher" if against else None, "users": 40}
            | {name: chance.random() for name in ("value", "low", "high", "p", "p_holm")}
            for part in ("orders", "ratings")
            for place, (judge, against) in enumerate([(None, None), ("made-up", "learned")])
        ]
        made.append(_of(_run("judgements", day), judgements=rows))
    return {name: [row for one in made for row in one[name]] for name in made[0]}


def _choices(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    chosen = "reranked", "base", "neither"
    return {
        "choices": [
            {"id": f"{dataset}-{n}", "chosen_at_utc": START, "dataset": dataset, "model": "ease"}
            | {"scorer": "embedded", "reranker": "weighted", "base_items": "[]"}
            | {"reranked_items": "[]", "first": chance.choice(chosen[:2]), "seconds": float(n)}
            | {"chosen": chance.choices(chosen, [8, 2, 1])[0], "seed": n}
            for dataset in ("films", "books")
            for n in range(12)
        ]
    }
