"""What a night asked of the language model, from the ledger into the results file."""

import polars as pl

from tasks.core.artifacts import write_table
from tasks.core.vocabulary import Artifact
from tasks.settings.run import Settings
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


def requests_to_publish(settings: Settings) -> Artifact:
    """The ledger's requests that ended since the last publication, this night's or a killed one's.

    The publication leaves out what it has already.
    """
    from tasks.llm.session import session_for  # noqa: PLC0415 - loads openai and SQLAlchemy

    since = _last_published(settings)
    session = session_for(settings.home, settings.llm)
    rows = session.run(lambda engine: engine.ledger.finished_since(since))
    kept = [{name: row[name] for name in COLUMNS} for row in rows]
    table = pl.DataFrame(kept, schema=COLUMNS, orient="row")
    return write_table(settings.home, "asked", table)


def _last_published(settings: Settings) -> float:
    if not has_results(settings.home):
        return 0.0
    tables = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'llm_requests'"
    if not query(settings.home, tables).item():
        return 0.0
    last = query(settings.home, "SELECT max(finished_at) FROM llm_requests").item()
    return float(last or 0.0)
