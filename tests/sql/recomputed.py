"""What each shipped question should answer, worked out row by row from the tables alone.

Nothing here is SQL or a view: a table is a list of rows, a row a dict. Each function gives rows
with the columns of its question, in its order.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import floor
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import pytest

from tasks.store.query import query
from tasks.store.warehouse import TABLES

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Answer = list[tuple[Any, ...]]

MOST = 20
Z = 1.959963984540054
NOTHING = None, None, None


def tables_of(home) -> Tables:
    """Every row of every table of a results file."""
    return {name: query(home, f'SELECT * FROM "{name}"').to_dicts() for name in TABLES}


def rounded(value: float | None, places: int) -> float | None:
    """As SQL rounds: a half goes away from zero."""
    if value is None:
        return None
    scaled: float = floor(abs(value) * 10**places + 0.5) / 10**places
    return scaled if value >= 0 else -scaled


def key_of(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def grouped(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[key_of(row, *names)].append(row)
    return groups


def age(row: Row) -> tuple[datetime, str]:
    return row["finished_at_utc"], row["run_id"]


def of_flow(tables: Tables, flow: str) -> list[Row]:
    """Runs of it, oldest first."""
    return sorted((run for run in tables["runs"] if run["flow"] == flow), key=age)


def tonight(tables: Tables) -> Row:
    return of_flow(tables, "nightly")[-1]


def before(tables: Tables, night: Row) -> Row | None:
    """The night before it on the same data set."""
    same = [run for run in of_flow(tables, "nightly") if run["dataset"] == night["dataset"]]
    at = same.index(night)
    return same[at - 1] if at else None


def of_run(tables: Tables, name: str, run: Row | str | None) -> list[Row]:
    wanted = run["run_id"] if isinstance(run, dict) else run
    return [row for row in tables[name] if row["run_id"] == wanted]


def reranked_rank(row: Row) -> int:
    """Where re-ranking alone had it: older rows do not say, and then that was published."""
    place: int = row["rank"] if row["reranked_rank"] is None else row["reranked_rank"]
    return place


def published(tables: Tables, run: Row) -> list[Row]:
    return [row for row in of_run(tables, "ranked_items", run) if row["rank"] <= run["top"]]


def cells(tables: Tables) -> dict[tuple[Any, ...], Row]:
    return {key_of(cell, "run_id", "cell"): cell for cell in tables["cells"]}


def runs(tables: Tables) -> dict[str, Row]:
    return {run["run_id"]: run for run in tables["runs"]}


def means(tables: Tables) -> dict[tuple[Any, ...], float]:
    names = "run_id", "cell", "list", "metric", "k"
    return {key_of(row, *names): row["mean"] for row in tables["cell_metrics"]}


def best_method(tables: Tables) -> Answer:
    newest: dict[tuple[Any, ...], tuple[Row, str, float]] = {}
    by_cell, by_run = cells(tables), runs(tables)
    for figure in sorted(
        (row for row in tables["cell_metrics"] if row["k"] == 10),
        key=lambda row: (*age(by_run[row["run_id"]]), -row["cell"]),
    ):
        cell = by_cell[key_of(figure, "run_id", "cell")]
        base = figure["list"] == "base"
        if not base and cell["reranker"] == "none":
            continue
        cheats = not base and (cell["leaky"] or cell["reranker"] == "oracle")
        said = [f"base: {cell['model']}", cell["model_options"]]
        said.append("tuned" if json.loads(cell["config"]).get("tune") else None)
        name = ", ".join(filter(None, said)) if base else cell["label"]
        kept = "dataset", "protocol", "model", "candidates", "external"
        order = ("none", "none") if base else key_of(cell, "scorer", "reranker")
        method = (*key_of(cell, *kept), name, cheats, *order)
        newest[*method, figure["metric"]] = cell, name, figure["mean"]
    rows: dict[tuple[Any, ...], dict[str, list[tuple[float, str, str]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for key, (cell, name, value) in newest.items():
        if not key[6]:
            rows[cell["dataset"], cell["protocol"]][key[-1]].append((value, name, cell["model"]))
    answer = []
    for key, by_metric in sorted(rows.items()):
        ndcg, liked = by_metric["NDCG"], by_metric["NDCG liked"]
        popular = [value for value, name, _ in ndcg if name == "base: popularity"]
        best, best_liked = max(ndcg), max(liked, default=(None, None, None))
        first = rounded(best[0], 4), rounded(max(popular, default=None), 4)
        answer.append((*key, best[1], best[2], *first, best_liked[1], rounded(best_liked[0], 4)))
    return answer


def biggest_lifts(tables: Tables) -> Answer:
    night = tonight(tables)
    lifted = [row for row in published(tables, night) if row["base_rank"] > night["top"]]
    lifted.sort(key=lambda row: (row["rank"] - row["base_rank"], row["user"], row["rank"]))
    signals = "estimate", "similarity", "popularity", "date_affinity"
    return [
        (
            *key_of(row, "user", "rank", "base_rank", "title"),
            *(rounded(row[name], 2) for name in signals),
            row["reasons"],
        )
        for row in lifted[:MOST]
    ]


def wilson(chosen: int, count: int) -> tuple[float, float, float] | None:
    """Share and interval: the shares from which the one seen is z standard errors away."""
    if not count:
        return None
    share, z2 = chosen / count, Z**2 / count
    low, high = sorted(np.roots([1 + z2, -2 * share - z2, share**2]).real)
    return share, max(low, 0.0), min(high, 1.0)


def blind_comparison(tables: Tables) -> Answer:
    names = "dataset", "model", "scorer", "reranker"
    groups = sorted(grouped(tables["choices"], *names).items())
    every = [(("all", None, None, None), tables["choices"])]
    return [_preferred(key, rows) for key, rows in [*groups, *every]]


def _preferred(key: tuple[Any, ...], rows: list[Row]) -> tuple[Any, ...]:
    counts = Counter(row["chosen"] for row in rows)
    decided = counts["reranked"] + counts["base"]
    share = wilson(counts["reranked"], decided)
    a_share = wilson(sum(row["chosen"] == row["first"] for row in rows), decided)
    shows = "no preference shown"
    if share and share[1] > 0.5:
        shows = "the re-ranked list is preferred"
    if share and share[2] < 0.5:
        shows = "the base list is preferred"
    return (
        *key,
        len(rows),
        *(counts[name] for name in ("reranked", "base", "neither")),
        *(rounded(value, 3) for value in share or NOTHING),
        shows,
        *(rounded(value, 3) for value in a_share or NOTHING),
        rounded(median(row["seconds"] for row in rows), 0) if rows else None,
    )


def changed_lists(tables: Tables) -> Answer:
    night = tonight(tables)
    earlier = before(tables, night)
    if earlier is None:
        return []
    old = {key_of(row, "user", "item") for row in published(tables, earlier)}
    answer = [
        (user, len(rows), sum(key_of(row, "user", "item") not in old for row in rows))
        for (user,), rows in grouped(published(tables, night), "user").items()
    ]
    return sorted(answer, key=lambda row: (-row[2], row[0]))[:MOST]


def _dollars(rows: list[Row]) -> float | None:
    priced = [row["cost_nano_dollars"] for row in rows if row["cost_nano_dollars"] is not None]
    return sum(priced) / 1e9 if priced else None


def _tokens(rows: list[Row], name: str) -> int:
    return sum(row[name] for row in rows)


def cost_by_month(tables: Tables) -> Answer:
    def month(row: Row) -> str:
        return datetime.fromtimestamp(row["finished_at"], UTC).strftime("%Y-%m")

    answer = []
    for when in sorted({month(row) for row in tables["llm_requests"]}, reverse=True):
        rows = [row for row in tables["llm_requests"] if month(row) == when]
        kinds = [(kind, theirs) for (kind,), theirs in grouped(rows, "kind").items()]
        kinds.sort(key=lambda one: (_dollars(one[1]) is None, -(_dollars(one[1]) or 0), one[0]))
        answer += [
            (
                *(when, kind, len(theirs)),
                *(_tokens(theirs, name) for name in ("tokens_in", "tokens_out")),
                rounded(_dollars(theirs), 4),
                sum(row["cost_nano_dollars"] is None for row in theirs),
            )
            for kind, theirs in [("in total", rows), *kinds]
        ]
    return answer


def cost_by_run(tables: Tables) -> Answer:
    answer = []
    for run in sorted(tables["runs"], key=age, reverse=True):
        items = len(published(tables, run)) if run["top"] else 0
        asked = grouped(of_run(tables, "llm_requests", run), "kind")
        for (kind,), rows in sorted(asked.items()):
            dollars, users = _dollars(rows), run["users_listed"]
            each = [dollars / n if dollars is not None and n else None for n in (users, items)]
            answer.append(
                (
                    *key_of(run, "run_id", "flow", "dataset"),
                    *(kind, len(rows)),
                    *(_tokens(rows, name) for name in ("tokens_in", "tokens_out")),
                    *(rounded(dollars, 4), *each),
                    sum(row["cost_nano_dollars"] is None for row in rows),
                )
            )
    return answer


def does_language_help(tables: Tables) -> Answer:
    by_cell, by_run, found = cells(tables), runs(tables), []
    for row in tables["comparisons"]:
        language = row["says"].startswith(("what language adds", "what similarity adds"))
        at_ten = row["k"] == 10 and row["metric"] in {"NDCG", "NDCG liked"}
        if not language or not at_ten or row["against_list"] != "reranked":
            continue
        cell, other = by_cell[row["run_id"], row["cell"]], by_cell[row["run_id"], row["against"]]
        experiment = json.loads(by_run[row["run_id"]]["config"]).get("name")
        about = key_of(cell, "dataset", "protocol", "model")
        figures = (rounded(row[name], 4) for name in ("difference", "low", "high", "p_holm"))
        labels = cell["label"], other["label"]
        told = (experiment, *about, *labels, row["metric"], *figures, row["verdict"])
        found.append((row["run_id"], (*about, row["metric"]), told))
    found.sort(key=lambda one: one[1])
    found.sort(key=lambda one: one[0], reverse=True)
    return [told for *_, told in found]


def dropped_rows(tables: Tables) -> Answer:
    rows = of_run(tables, "dropped", tonight(tables))
    return [key_of(row, "reason", "rows") for row in sorted(rows, key=lambda row: -row["rows"])]


def guard_verdicts(tables: Tables) -> Answer:
    def order(row: Row) -> tuple[Any, ...]:
        unknown = row["difference"] is None
        worse = row["verdict"] == "worse"
        return row["metric"], not worse, unknown, row["difference"] or 0, row["segment"]

    figures = "base", "reranked", "difference", "low", "high"
    return [
        (
            *key_of(row, "segment", "verdict", "users", "ratings"),
            f"{row['metric']}@{row['k']}",
            *(rounded(row[name], 4) for name in figures),
        )
        for row in sorted(of_run(tables, "guard", tonight(tables)), key=order)
    ]


def held_out_by_setting(tables: Tables) -> Answer:
    nights = {run["run_id"] for run in of_flow(tables, "nightly")}
    of_cell = means(tables)
    figures: dict[tuple[tuple[Any, ...], int], tuple[float, float]] = {}
    for cell in sorted(tables["cells"], key=lambda cell: str(cell["run_id"])):
        if cell["run_id"] not in nights:
            continue
        weights = json.loads(cell["config"])["weights"]
        names = "estimate", "similarity", "popularity", "date_affinity"
        text = "/".join(str(weights[name]) for name in names)
        settings = (*key_of(cell, "dataset", "model", "reranker"), text, cell["candidates"])
        for row in of_run(tables, "cell_metrics", cell["run_id"]):
            if row["k"] == 10 and row["metric"] in {"HR", "NDCG"}:
                key = (*settings, row["users"], f"{row['metric']}@10")
                base, lists = (
                    of_cell[*key_of(cell, "run_id", "cell"), side, row["metric"], 10]
                    for side in ("base", "reranked")
                )
                figures[key, cell["first_seed"]] = base, lists  # the newest night counts
    answer = []
    for key in {key for key, _ in figures}:
        seeds = [both for (of, _), both in figures.items() if of == key]
        of_base, of_lists = ([one[side] for one in seeds] for side in (0, 1))
        spread = stdev(of_lists) if len(seeds) > 1 else None
        told = rounded(mean(of_base), 4), rounded(mean(of_lists), 4), rounded(spread, 4)
        answer.append((*key, len(seeds), *told))
    return sorted(answer, key=lambda row: (row[0], row[6], -row[9]))


def last_nights(tables: Tables) -> Answer:
    nights, answer = of_flow(tables, "nightly"), []
    for at, night in enumerate(nights):
        earlier, made = before(tables, night), fitted(night)
        alike = [
            one["seconds"]
            for one in nights[:at]
            if fitted(one) == made
            and all(one[n] == night[n] for n in ("dataset", "model", "scorer", "reranker"))
        ]
        usual = median(alike[-28:]) if alike else None
        gap = night["started_at_utc"] - earlier["finished_at_utc"] if earlier else None
        ago = datetime.now(UTC).replace(tzinfo=None) - night["finished_at_utc"]
        answer.append(
            (
                *key_of(night, "run_id", "dataset", "status", "finished_at_utc"),
                pytest.approx(ago.total_seconds() / 3600, abs=0.11),  # it is asked a moment before
                rounded(gap.total_seconds() / 3600, 1) if gap else None,
                made,
                *(rounded(night["seconds"], 1), rounded(usual, 1)),
                rounded(night["seconds"] / usual, 2) if usual else None,
                *(night["users"], night["users"] - night["users_listed"], night["note"]),
            )
        )
    return answer[::-1][:14]


def fitted(night: Row) -> bool:
    return night["model_from"] in {None, night["run_id"]}


def learned_order(tables: Tables) -> Answer:
    last = max((row["run_id"] for row in tables["learned_weights"]), default=None)
    by_cell = cells(tables)
    rows = sorted(
        of_run(tables, "learned_weights", last), key=lambda row: (row["cell"], -abs(row["weight"]))
    )
    return [
        (
            *key_of(by_cell[row["run_id"], row["cell"]], "label", "dataset", "protocol"),
            *(row["feature"], rounded(row["weight"], 3), rounded(row["gain"], 3)),
        )
        for row in rows
    ]


def exposure(tables: Tables) -> dict[str, dict[str, Any]]:
    """By item in which lists of tonight's it stands, and where."""
    night, found = tonight(tables), {}
    for (item,), rows in grouped(of_run(tables, "ranked_items", night), "item").items():
        places = {
            "base": [row["base_rank"] for row in rows],
            "reranked": [reranked_rank(row) for row in rows],
            "published": [row["rank"] for row in rows],
        }
        within = {name: [p for p in of if p <= night["top"]] for name, of in places.items()}
        found[item] = within | key_row(rows[0], "title", "year", "popularity")
    return found


def key_row(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def most_recommended(tables: Tables) -> Answer:
    answer = [
        (
            *(item, one["title"], one["year"], len(one["published"])),
            *(rounded(mean(one["published"]), 1), len(one["base"])),
            rounded(one["popularity"], 2),
        )
        for item, one in exposure(tables).items()
        if one["published"]
    ]
    return sorted(answer, key=lambda row: (-row[3], row[4], row[0]))[:MOST]


def pushed_and_buried(tables: Tables) -> Answer:
    answer = []
    for item, one in exposure(tables).items():
        base, reranked = len(one["base"]), len(one["reranked"])
        if base != reranked:
            places = (rounded(mean(of), 1) if of else None for of in (one["base"], one["reranked"]))
            lists = base, reranked, len(one["published"]), reranked - base
            answer.append((item, one["title"], *lists, *places, rounded(one["popularity"], 2)))
    most = sorted(answer, key=lambda row: (-row[5], row[0]))[:MOST]
    least = sorted(answer, key=lambda row: (row[5], row[0]))[:MOST]
    return sorted({*most, *least}, key=lambda row: (-row[5], row[0]))


def last_of(tables: Tables, flow: str) -> Row | None:
    made = of_flow(tables, flow)
    return made[-1] if made else None


def reliability(tables: Tables) -> Answer:
    rows = of_run(tables, "reliability", last_of(tables, "replay"))
    answer = []
    for key, of in sorted(grouped(rows, "lowest", "highest").items()):
        pairs = sum(row["pairs"] for row in of)
        shares = (sum(r["pairs"] * r[n] for r in of) / pairs for n in ("foretold", "happened"))
        answer.append((*key, pairs, *(rounded(share, 4) for share in shares)))
    return answer


def judgements(tables: Tables) -> Answer:
    rows = of_run(tables, "judgements", last_of(tables, "judgements"))
    answer = []
    for row in sorted(rows, key=lambda row: (row["part"], row["place"])):
        about = key_of(row, "part", "judge", "list", "against", "metric")
        figures = (rounded(row[name], 4) for name in ("value", "low", "high"))
        answer.append((*about, *figures, row["verdict"], row["users"]))
    return answer


def who_is_judged(tables: Tables) -> Answer:
    night = tonight(tables)
    prices = {row["purpose"]: row for row in of_run(tables, "judging_prices", night)}
    answer = []
    for row in sorted(of_run(tables, "judged_parts", night), key=lambda row: row["part"]):
        spent = prices["sample"], prices["lists"]
        taken = [told for p in spent for told in (p["requests"], rounded(p["dollars"], 4))]
        figures = (rounded(row[name], 4) for name in ("gain", "low", "high"))
        answer.append((*key_of(row, "part", "asked", "tonight", "people"), *figures, *taken))
    return answer


def replayed_nights(tables: Tables) -> Answer:
    replay = last_of(tables, "replay")
    values = grouped(of_run(tables, "user_metrics", replay), "cell", "seed", "list", "metric")
    answer = []
    for night in of_run(tables, "replayed_nights", replay):
        for cell in of_run(tables, "cells", replay):
            for side in ("base", "reranked"):
                ours = cell["label"].startswith("published lists")
                rows = values.get((cell["cell"], night["night"], side, "NDCG liked"), [])
                if not rows or (side == "base" and not ours):
                    continue
                label = cell["label"]
                name = label.replace("published", "base") if side == "base" else label
                value = rounded(mean(row["value"] for row in rows), 4)
                day = f"{night['moment']:%Y-%m-%d}"
                told = night["night"] + 1, day, name, len(rows), value
                answer.append(((night["night"], ", newcomers" in label, cell["cell"]), name, told))
    answer.sort(key=lambda one: one[1], reverse=True)
    answer.sort(key=lambda one: one[0])
    return [told for *_, told in answer]


def short_lists(tables: Tables) -> Answer:
    night = tonight(tables)
    lists = grouped(published(tables, night), "user")
    lengths = [(user, max(row["rank"] for row in rows)) for (user,), rows in lists.items()]
    short = [(user, length, night["top"]) for user, length in lengths if length < night["top"]]
    return sorted(short, key=lambda row: (row[1], row[0]))


def slower_stages(tables: Tables) -> Answer:
    night = tonight(tables)
    same = [run for run in of_flow(tables, "nightly") if run["dataset"] == night["dataset"]]

    def took(run: Row) -> dict[tuple[Any, ...], float]:
        stages = grouped(of_run(tables, "stages", run), "stage", "part")
        return {
            key: sum(row["seconds"] for row in rows)
            for key, rows in stages.items()
            if not all(row["cached"] for row in rows)
        }

    earlier = [took(run) for run in same[-29:-1]]
    answer = []
    for key, seconds in took(night).items():
        times = [one[key] for one in earlier if key in one]
        if times and seconds > median(times):
            usual = median(times)
            figures = (rounded(v, 2) for v in (seconds, usual, seconds - usual, seconds / usual))
            answer.append((seconds - usual, (*key, *figures, len(times))))
    return [told for _, told in sorted(answer, key=lambda one: (-one[0], one[1]))]


def stage_times(tables: Tables) -> Answer:
    stages = sorted(of_run(tables, "stages", tonight(tables)), key=lambda row: row["place"])
    names = "phase", "stage", "detail", "part", "cached"
    return [(*key_of(row, *names), rounded(row["seconds"], 2), row["rows"]) for row in stages]


def stale_lists(tables: Tables) -> Answer:
    night, by_run = tonight(tables), runs(tables)
    nights = {run["run_id"]: run for run in of_flow(tables, "nightly")}
    made_by: dict[str, set[str]] = defaultdict(set)
    for row in of_run(tables, "ranked_items", night):
        made_by[row["listed_in"] or night["run_id"]].add(row["user"])

    def days(run: Row | None) -> float | None:
        ago = night["finished_at_utc"] - run["finished_at_utc"] if run else None
        return None if ago is None else rounded(ago.total_seconds() / 86400, 2)

    answer = []
    for run_id, users in made_by.items():
        made = nights.get(run_id)
        model_from = (made["model_from"] or run_id) if made else None
        model = by_run.get(model_from) if model_from else None
        listed = run_id, made and made["finished_at_utc"], len(users), days(made)
        answer.append((*listed, model_from, model and model["finished_at_utc"], days(model)))
    return sorted(answer, key=lambda row: (row[3] is not None, -(row[3] or 0), row[0]))


def what_changed(tables: Tables) -> Answer:
    night = tonight(tables)
    now = grouped(of_run(tables, "changes", night), "lists", "reason")
    then = grouped(of_run(tables, "changes", before(tables, night)), "lists", "reason")

    def count(rows: list[Row] | None) -> int | None:
        return sum(row["users"] for row in rows) if rows else None

    answer = [(*key, count(now.get(key)), count(then.get(key))) for key in {*now, *then}]
    answer.sort(key=lambda row: (row[2] is None, -(row[2] or 0), row[1]))
    return sorted(answer, key=lambda row: row[0], reverse=True)


def measured(tables: Tables, run: Row | None) -> dict[tuple[Any, ...], dict[str, float]]:
    """By person, metric and k what the run says of the base list and the re-ranked list."""
    rows = [row for row in of_run(tables, "user_metrics", run) if row["cell"] == 0]
    return {
        key: {
            side: mean(row["value"] for row in of)
            for (side,), of in grouped(theirs, "list").items()
        }
        for key, theirs in grouped(rows, "user", "metric", "k").items()
    }


def who_got_worse(tables: Tables) -> Answer:
    night, by_run = tonight(tables), runs(tables)
    made = by_run[night["measured_in"] or night["run_id"]]
    earlier = [
        run
        for run in of_flow(tables, "nightly")
        if run["dataset"] == made["dataset"]
        and run["finished_at_utc"] < made["finished_at_utc"]
        and measured(tables, run)
    ]
    last = earlier[-1] if earlier else None
    old, answer = measured(tables, last), []
    ago = (night["finished_at_utc"] - made["finished_at_utc"]).total_seconds() / 86400
    for key, value in measured(tables, made).items():
        base, reranked = value.get("base"), value.get("reranked")
        if key[1] != "NDCG" or reranked is None:
            continue
        then = old.get(key, {}).get("reranked")
        against = None if base is None else reranked - base
        since = None if then is None else reranked - then
        if (against or 0) < 0 or (since or 0) < 0:
            figures = (rounded(v, 3) for v in (base, reranked, then, against, since))
            before_in = last["run_id"] if last and key in old else None
            told = key[0], f"{key[1]}@{key[2]}", *figures, made["run_id"], rounded(ago, 2)
            answer.append((min(against or 0, since or 0), (*told, before_in)))
    return [told for _, told in sorted(answer, key=lambda one: (one[0], one[1][0]))]


def wishes(tables: Tables) -> Answer:
    rows = of_run(tables, "wishes", last_of(tables, "wishes"))
    answer = []
    for (situation,), of in sorted(grouped(rows, "situation").items()):
        tastes = list(grouped(of, "taste").values())
        figures = (
            rounded(mean(mean(row[name] for row in one) for one in tastes), 3)
            for name in ("fit", "fit_without", "fit_simple", "steer")
        )
        known = median(median(row["known"] for row in one) for one in tastes)
        answer.append((situation, len(tastes), *figures, known))
    return answer


def without_list(tables: Tables) -> Answer:
    night = tonight(tables)
    earlier, made = before(tables, night), night["measured_in"] or night["run_id"]
    listed = {row["user"] for row in of_run(tables, "ranked_items", night)}
    had = {row["user"] for row in of_run(tables, "ranked_items", earlier)}
    tried = {row["user"] for row in of_run(tables, "user_metrics", made)}
    return [
        (user, user in had, made if user in tried else None)
        for user in sorted((had | tried) - listed)
    ]


def worse_by_method(tables: Tables) -> Answer:
    by_cell, of_cell, answer = cells(tables), means(tables), []
    for row in tables["comparisons"]:
        key = row["run_id"], row["cell"]
        wanted = row["against_list"] == "base" and row["metric"] == "NDCG" and row["k"] == 10
        if wanted and (*key, "base", "NDCG", 10) in of_cell:
            figures = rounded(row["better"], 3), rounded(row["worse"], 3)
            about = key_of(by_cell[key], "dataset", "protocol", "label", "model")
            told = (*about, *figures, rounded(row["difference"], 4), *key_of(row, "verdict"))
            answer.append((*told, row["run_id"]))
    answer.sort(key=lambda row: row[5], reverse=True)
    return sorted(answer, key=lambda row: row[-1], reverse=True)


def agrees(answer: Answer, expected: Answer) -> bool:
    """Whether an answer is what was expected; numbers may have been added up in another order."""
    return len(answer) == len(expected) and all(
        row == tuple(pytest.approx(v, abs=1e-6) if isinstance(v, float) else v for v in told)
        for row, told in zip(answer, expected, strict=True)
    )


QUESTIONS: dict[str, Callable[[Tables], Answer]] = {
    one.__name__: one
    for one in (
        *(best_method, biggest_lifts, blind_comparison, changed_lists, cost_by_month, cost_by_run),
        *(does_language_help, dropped_rows, guard_verdicts, held_out_by_setting, judgements),
        *(
            last_nights,
            learned_order,
            most_recommended,
            pushed_and_buried,
            reliability,
            replayed_nights,
        ),
        *(short_lists, slower_stages, stage_times, stale_lists, what_changed, who_got_worse),
        *(who_is_judged, wishes, without_list, worse_by_method),
    )
}
"""By the name of the question."""
