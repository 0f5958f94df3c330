"""Nights as `publish` takes them, made up: small, or as large as a real one."""

import json
import re
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tasks.report.night.page import write_report
from tasks.store.warehouse import publish

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\u2028\"'"
REASONS = ("people who rated what you rated; often rated lately", "like Heat", None)
TOP, LISTED = 2, 3
"""Places of a list, and items of a user in either list."""


class ANight:
    """A night in the making; change `tables`, then `publish` and `write`."""

    def __init__(self, day=2, users=3, top=TOP, titles=(), seed=0, **given):
        self.titles = titles
        self.run_id = f"202601{day:02}-030000-aaaaaa"
        moment = datetime(2026, 1, day, 3)
        listed = users if users < 3 else users - 1
        run = {
            "run_id": self.run_id,
            "flow": "nightly",
            "started_at_utc": moment - timedelta(seconds=205),
            "finished_at_utc": moment,
            "seconds": 205.0,
            "dataset": "films",
            "model": "ease",
            "scorer": "embedded",
            "reranker": "learned",
            "top": top,
            "ratings": 100_836,
            "items": 9_742,
            "users": users,
            "users_listed": listed,
            "candidates": 163_784,
            "unscored": 0,
            "config": json.dumps({"sources": {"ease": 200, "svd": 20}, "learn_splits": 2}),
            "versions": json.dumps({"python": "3.11.7"}),
        }
        stages = [("Read the data", "ingest", "", True, 0.1)]
        stages += [("Fit models", "train", "tonight", False, 3.0)]
        stages += [("Fit models", "train", "tonight inner 1", True, 1.0)]
        stages += [("Measure", "measure", "loo seed 0", False, 2.0)]
        self.tables = {
            "runs": [run | given],
            "stages": [
                dict(zip(("phase", "stage", "part", "cached", "seconds"), stage, strict=True))
                | {"place": place, "rows": 7, "work_seconds": 40.0}
                | {"detail": "ease" if "train" in stage else ""}
                for place, stage in enumerate(stages)
            ],
            "ranked_items": lists(listed, top, titles, seed),
        }

    def measure(self, difference=0.02, verdict="higher", gains=(0.5, -0.4)):
        """With figures on hidden ratings, and users who gained and lost so much."""
        cell = {"cell": 0, "label": "held out", "dataset": "films", "protocol": "loo"}
        cell |= {"model": "ease", "scorer": "none", "reranker": "learned", "external": False}
        cell |= {"leaky": False, "top": 10, "candidates": 100, "first_seed": 0, "seeds": 1}
        cell |= {"users": 610, "status": "run", "skipped": "{}", "config": "{}"}
        self.tables["cells"] = [cell]
        places = [("HR", 10), ("HR", 1), ("NDCG", 10), ("NDCG liked", 10), ("coverage", 10)]
        self.tables["cell_metrics"] = [
            {
                "cell": 0,
                "list": name,
                "metric": metric,
                "k": k,
                "mean": mean,
                "seeds": 1,
                "users": 610,
            }
            for metric, k in places
            for name, mean in (("base", 0.2), ("reranked", 0.2 + difference))
        ]
        told = {"cell": 0, "list": "reranked", "against": 0, "against_list": "base", "says": "s"}
        told |= {"difference": difference, "low": difference - 0.01, "high": difference + 0.01}
        told |= {"p": 0.02, "p_holm": 0.04, "better": 0.102, "worse": 0.085, "users": 610}
        told |= {"seeds": 1, "verdict": verdict}
        self.tables["comparisons"] = [told | {"metric": m, "k": k} for m, k in places[:-1]]
        both = lists(len(gains), self.tables["runs"][0]["top"], self.titles, 5)
        gain = pl.DataFrame({"user": [str(n + 1) for n in range(len(gains))], "gain": gains})
        self.tables["list_examples"] = both.join(gain, on="user").select(
            *("user", "gain", "item", "title", "year", "base_rank", "rank", "reasons"),
            pl.lit(0).alias("cell"),
            pl.lit(0).alias("seed"),
            (pl.col("item") == "0").alias("held_out"),
        )
        return self

    def ask(self, count=40, dollars=0.002, outcomes=("length", "lost")):
        """With so many requests to a language model, of which the first end so."""
        self.tables["llm_requests"] = [
            {
                "id": f"{self.run_id}-{n}",
                "kind": "profile" if n < 5 else "score",
                "judge": "gpt-5-mini",
                "pairs": 0 if n < 5 else 25,
                "sent_at": 0.0,
                "finished_at": 1.0,
                "attempts": 3 if n == 0 else 1,
                "perhaps_billed": 0,
                "tokens_in": 1000 + n,
                "tokens_cached": 500,
                "tokens_out": 100,
                "cost_nano_dollars": None if dollars is None else int(dollars * 1e9),
                "latency_seconds": 0.2 + n / 40,
                "outcome": outcomes[n] if n < len(outcomes) else "answered",
            }
            for n in range(count)
        ]
        return self

    def judge_heads(self):
        """With parts of which one has earned that a language model is asked, and their prices."""
        part = {"asked": False, "tonight": 592, "people": 110, "gain": 0.001}
        self.tables["judged_parts"] = [
            part | {"part": "warm people", "low": -0.002, "high": 0.004},
            part
            | {"part": "new people", "asked": True, "tonight": 18, "gain": 0.02}
            | {"low": 0.004, "high": 0.03},
            part | {"part": "new items", "people": 3, "gain": None, "low": None, "high": None},
        ]
        price = {"requests": 800, "prompt_tokens": 300_000, "answer_tokens": 9_000, "dollars": 0.13}
        self.tables["judging_prices"] = [
            price | {"purpose": "sample"},
            price | {"purpose": "lists", "requests": 36, "dollars": None},
        ]
        alone = {"part": "heads, split", "judge": None, "against": None, "users": 220}
        self.tables["judgements"] = [
            alone
            | {"place": place, "list": name, "metric": metric, "value": value}
            | {"low": value - 0.01, "high": value + 0.01}
            for place, (name, metric, value) in enumerate(
                [
                    ("learned", "NDCG@10", 0.31),
                    ("learned", "AUC", 0.72),
                    ("language model", "NDCG@10", 0.25),
                    ("language model", "AUC", 0.58),
                ]
            )
        ]
        self.tables["runs"][0]["judged"] = "asked for 18 new people; not for the other 592"
        return self

    def guard(self, verdict="worse"):
        """With a verdict on the lists published before."""
        row = {"users": 120, "ratings": 300, "metric": "NDCG", "k": 10, "base": 0.1}
        row |= {"reranked": 0.08, "difference": -0.02, "low": -0.03, "high": -0.01}
        few = row | dict.fromkeys(("base", "reranked", "difference", "low", "high"))
        self.tables["guard"] = [
            row | {"segment": "everybody", "verdict": verdict},
            few | {"segment": "under 50 ratings", "users": 3, "verdict": "insufficient"},
        ]
        return self

    def know(self, typed=None, count=10):
        """With genres, what everybody rated highest, and what some typed (user: text, weight)."""
        ranked = self.tables["ranked_items"]
        number = pl.col("item").cast(pl.Int64)
        genres = pl.when(number % 5 > 0).then(pl.lit("Drama|Science Fiction"))
        self.tables["ranked_items"] = ranked.with_columns(genres=genres)
        users = ranked["user"].unique(maintain_order=True).to_list()
        places = [
            (user, place, (int(user) - 1 + place) % 300) for user in users for place in range(count)
        ]
        self.tables["favourites"] = [
            {
                "user": user,
                "rank": place + 1,
                "item": f"liked {number}",
                "title": self.titles[0] if self.titles and not number else f"Loved, Part {number}",
                "year": None if number == 3 else 1960 + number % 60,
                "genres": None if number == 4 else "Comedy",
                "rating": 5.0 - place // 3 / 2,
            }
            for user, place, number in places
        ]
        self.tables["tastes"] = [
            {"user": user, "taste": taste, "taste_weight": weight}
            for user, (taste, weight) in (typed or {}).items()
        ]
        return self

    def publish(self, home: Path) -> Path:
        mine = pl.lit(self.run_id).alias("run_id")
        frames = {
            name: pl.DataFrame(rows, infer_schema_length=None).with_columns(mine)
            for name, rows in self.tables.items()
            if len(rows)
        }
        publish(home, frames)
        return home

    def write(self, home: Path) -> str:
        """Published, and the page about it."""
        return write_report(self.publish(home), self.run_id).read_text(encoding="utf-8")


def lists(users, top, titles=(), seed=0):
    """Per user half as many items again as a list has, in two orders; `titles` name the first."""
    count = max(top + top // 2, LISTED)
    draws = np.random.default_rng(seed)
    orders = np.argsort(draws.random((users, count)), axis=1)
    items = np.argsort(draws.random((users, max(count, 400 if users > 50 else count))), axis=1)
    numbers = items[:, :count].ravel()
    names = dict(enumerate(titles))
    return pl.DataFrame(
        {
            "user": np.repeat(np.arange(1, users + 1), count).astype(str),
            "item": numbers.astype(str),
            "title": [
                names.get(n, f"The film of number {n}, Part {n % 7}") for n in numbers.tolist()
            ],
            "year": [None if n % 11 == 3 else 1950 + n % 70 for n in numbers.tolist()],
            "base_rank": np.tile(np.arange(1, count + 1), users),
            "rank": (orders + 1).ravel(),
            "estimate": draws.random(users * count) * 4 + 1,
            "similarity": draws.uniform(-1, 1, users * count),
            "popularity": draws.random(users * count),
            "date_affinity": draws.random(users * count),
            "score": draws.random(users * count),
            "reasons": [REASONS[n % len(REASONS)] for n in numbers.tolist()],
        },
        schema_overrides={"year": pl.Int32},
    )


def said(page: str) -> str:
    """The page's text as a reader has it, without the data and the script; words apart."""
    body = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def data_of(page: str) -> Any:
    """What the page's script reads."""
    data = page.split('type="application/json" id="data">', 1)[1]
    return json.loads(data.split("</script>", 1)[0])
