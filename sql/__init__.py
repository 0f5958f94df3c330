"""SQL as files: schema, views, questions an analyst asks, and what the commands show."""

import re
import tomllib
from functools import cache
from importlib.resources import files

VIEWS = (
    "latest_run",
    "latest_recommendations",
    "side_by_side",
    "figures",
    "beside_published",
    "both_lists",
    "latest_metrics",
    "run_history",
    "leaderboard",
    "lift_over_base",
    "ablation",
    "cost_per_point",
    "worse_lists",
    "llm_usage",
    "blind_tally",
    "nights",
    "exposure",
    "held_out_users",
    "list_age",
    "costs",
    "replayed_lists",
    *("losers", "losing_lists", "telling_lists"),
)
"""In the order in which they build on each other; those of the last line stay for one version."""

KEYED = "ranked_items"
"""A table that had a primary key in earlier versions."""

REPLACED = ("telling_lists", "losing_lists")
"""Tables of earlier versions whose rows `upgrade/NAME.sql` carries over, in this order."""


def statement(name: str) -> str:
    """The text of a file of this folder, such as "schema.sql" or "views/latest_run.sql"."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


@cache
def meanings() -> dict[str, dict[str, str]]:
    """What columns mean, by table or view, then by column; `every` of those not named there."""
    meant: dict[str, dict[str, str]] = tomllib.loads(statement("meanings.toml"))
    return meant | {name: meant[other] for name, other in meant.pop("like").items()}


def comment(table: str, column: str) -> str | None:
    """The statement that writes down what a column means; None of a column that is not ours."""
    meant = meanings()
    text = meant.get(table, {}).get(column) or meant["every"].get(column)
    if text is None:
        return None
    quoted = text.replace("'", "''")
    return f"COMMENT ON COLUMN {table}.\"{column}\" IS '{quoted}'"


def questions() -> list[str]:
    """Names of the questions that ship, without folder and ending."""
    names = (entry.name for entry in files(__name__).joinpath("questions").iterdir())
    return sorted(name.removesuffix(".sql") for name in names if name.endswith(".sql"))


def asks(question: str) -> str:
    """What a question that ships asks, in an analyst's words: its first line."""
    return statement(f"questions/{question}.sql").splitlines()[0].removeprefix("-- ")


def tables() -> dict[str, str]:
    """Tables and views of a results file, each with what one row of it is, from its own file."""
    schema = statement("schema.sql")
    made = re.findall(
        r"^-- (.+)(?:\n--.*)*\nCREATE TABLE IF NOT EXISTS (\w+)", schema, re.MULTILINE
    )
    rows = {name: text for text, name in made}
    rows |= {"runs": "One row per run of a command: what ran, when, on what, how it ended."}
    views = {name: statement(f"views/{name}.sql").splitlines()[0] for name in VIEWS}
    return rows | {name: text.removeprefix("-- ") for name, text in views.items()}
