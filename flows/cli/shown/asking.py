"""What `estimate` and `enrich` print."""

from typing import TYPE_CHECKING

import polars as pl
from rich.markup import escape

from flows.cli.shown.tables import console, show_table

if TYPE_CHECKING:
    from flows.enrich import EnrichResult
    from flows.estimate import Estimate


def show_estimate(result: "Estimate") -> None:
    """What a night would ask and cost."""
    rows = [line.model_dump() for line in result.lines]
    show_table(pl.DataFrame(rows), f"Still to be asked of {escape(result.model)}")
    console.print(
        f"{result.known:,} of {result.pairs:,} scores are in the ledger already. Prompt tokens are"
        " estimated from the length of the texts, answers from their form; repetitions, thinking"
        " and cached prompts are not counted.",
        soft_wrap=True,
    )
    if any(line.dollars is None for line in result.lines):
        console.print("Its price is not known: add it to a copy of prices.toml, --llm-prices FILE.")


def show_enrichment(result: "EnrichResult") -> None:
    """How many texts came from where."""
    counts = result.counts
    rows = [
        {"descriptions": "in the catalogue", "items": counts.from_catalogue},
        {"descriptions": "from TMDB", "items": counts.from_tmdb},
        {"descriptions": "from the language model", "items": counts.from_llm},
        {"descriptions": "still missing", "items": counts.missing},
    ]
    show_table(pl.DataFrame(rows), f"{escape(result.dataset)}: {counts.items:,} items")
    console.print(
        f"New this time: {counts.new:,} descriptions. From TMDB: {counts.figures:,} ratings,"
        f" {counts.repaired:,} ids that were missing or outdated.",
        soft_wrap=True,
    )
    if result.attribution:
        console.print(result.attribution)
    console.print(f"Kept in {escape(str(result.file))}", soft_wrap=True)
