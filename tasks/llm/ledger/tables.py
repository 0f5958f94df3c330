"""The ledger's tables. Times are seconds since 1970, UTC; costs whole billionths of a US dollar."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

COUNTED = (
    *("requests", "sends", "pairs", "prompt", "cached", "answer", "nano_dollars"),
    *("perhaps_billed", "tokens_held", "nano_held"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("owner", String(32), nullable=False),  # the engine that sent it
    Column("kind", String(16), nullable=False),
    Column("judge", String(200), nullable=False),
    Column("pairs", Integer, nullable=False),  # scores asked for
    Column("sent_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("attempts", Integer, nullable=False),
    # Attempts without a whole answer that may have been charged all the same.
    Column("perhaps_billed", Integer, nullable=False),
    Column("model_reported", String(200)),
    Column("tokens_in", BigInteger),
    Column("tokens_cached", BigInteger),
    Column("tokens_out", BigInteger),
    Column("cost_nano_dollars", BigInteger),  # empty: no price known
    Column("latency_seconds", Float),
    Column("finish_reason", String(32)),
    Column("outcome", String(16)),  # empty: in flight
    Column("batch_id", String(32)),  # of `batches`; empty: sent live
    Column("context", Text),  # of a batch's line: how to read its answer in another process
    Index("requests_by_outcome", "outcome"),
    Index("requests_by_finish", "finished_at"),
)
"""One row per request, committed before its first send; a batch's line has its id as custom_id."""

scores = Table(
    "scores",
    metadata,
    Column("judge", String(200), primary_key=True),
    Column("person", String(32), primary_key=True),
    Column("item", String(32), primary_key=True),
    Column("score", Float, nullable=False),
    Column("request_id", String(32), ForeignKey("requests.id"), nullable=False),
)
"""One row per scored pair; person and item are hashes of what was shown of them."""

texts = Table(
    "texts",
    metadata,
    Column("judge", String(200), primary_key=True),
    Column("about", String(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("request_id", String(32), ForeignKey("requests.id"), nullable=False),
)
"""One row per text that a model wrote; `about` is a hash of what it was shown."""

spending = Table(
    "spending",
    metadata,
    Column("run", String(64), primary_key=True),
    *(Column(name, BigInteger, nullable=False, default=0) for name in COUNTED),
)
"""One row per command of several processes: what all used, and hold for requests in flight."""

batches = Table(
    "batches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(32), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("file_id", String(100)),
    Column("batch_id", String(100)),
    Column("finished_at", Float),
    Column("status", String(32)),
)
"""One row per batch, committed before it is made at the server; open until `finished_at`."""
