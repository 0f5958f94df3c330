"""What a night asked of the language model, from the ledger into the results file."""

from collections import Counter
from pathlib import Path

import polars as pl

from tasks.cascade.worth import Spent
from tasks.core.artifacts import write_table
from tasks.core.vocabulary import Artifact
from tasks.llm.budget import NANO
from tasks.llm.options import EngineOptions
from tasks.llm.questions import QUESTIONS
from tasks.llm.session import session_for
from tasks.llm.trial import NO_PROBABILITIES, NOTHING_VALID
from tasks.store.query import query
from tasks.store.warehouse import has_results

COLUMNS = {
    "id": pl.String,
    "kind": pl.String,
    "judge": pl.String,
    "pairs": pl.Int64,
    "sent_at": pl.Float64,
    "finished_at": pl.Float64,
    "attempts": pl.Int64,
    "perhaps_billed": pl.Int64,
    "model_reported": pl.String,
    "tokens_in": pl.Int64,
    "tokens_cached": pl.Int64,
    "tokens_out": pl.Int64,
    "cost_nano_dollars": pl.Int64,
    "latency_seconds": pl.Float64,
    "finish_reason": pl.String,
    "outcome": pl.String,
    "batch_id": pl.String,
}
"""Neither prompts nor answers: what was asked about whom stays in the ledger, as hashes."""


def requests_to_publish(home: Path, options: EngineOptions) -> Artifact:
    """The ledger's requests that ended since the last publication, this night's or a killed one's.

    The publication leaves out what it has already.
    """
    since = _last_published(home)
    session = session_for(home, options)
    rows = session.run(lambda engine: engine.ledger.finished_since(since))
    kept = [{name: row[name] for name in COLUMNS} for row in rows]
    table = pl.DataFrame(kept, schema=COLUMNS, orient="row")
    return write_table(home, "asked", table)


def causes(home: Path, options: EngineOptions, since: float | None = None) -> str:
    """Why requests brought nothing, each cause with how many it is of.

    Of those that ended `since` (seconds since 1970), else since the last publication.
    """
    since = _last_published(home) if since is None else since
    session = session_for(home, options)
    rows = session.run(lambda engine: engine.ledger.finished_since(since))
    counted = Counter(filter(None, (_cause(row["outcome"], row["finish_reason"]) for row in rows)))
    return ", ".join(f"{cause} ({count:,} requests)" for cause, count in counted.most_common())


def spent_on_scores(home: Path, options: EngineOptions) -> Spent:
    """What requests for scores took since the last publication; nothing without a model."""
    if options.llm_model is None:
        return Spent()
    since = _last_published(home)
    session = session_for(home, options)
    rows = session.run(lambda engine: engine.ledger.finished_since(since))
    scores = [row for row in rows if QUESTIONS[row["kind"]].keeps == "scores"]
    cost = [row["cost_nano_dollars"] for row in scores]
    priced = session.engine.budget.price is not None
    return Spent(
        requests=len(scores),
        prompt_tokens=sum(row["tokens_in"] or 0 for row in scores),
        answer_tokens=sum(row["tokens_out"] or 0 for row in scores),
        dollars=sum(nano or 0 for nano in cost) / NANO if priced else None,
    )


def _cause(outcome: str, finish_reason: str | None) -> str | None:
    if outcome == "answered":
        return finish_reason if finish_reason in {NOTHING_VALID, NO_PROBABILITIES} else None
    return (finish_reason if outcome == "gave_up" else None) or outcome.replace("_", " ")


def _last_published(home: Path) -> float:
    if not has_results(home):
        return 0.0
    known = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'llm_requests'"
    if not query(home, known).item():
        return 0.0
    last = query(home, "SELECT max(finished_at) FROM llm_requests").item()
    return float(last or 0.0)
