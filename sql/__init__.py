"""SQL as files: schema, views, questions an analyst asks, and what `palate nightly` shows."""

from importlib.resources import files

VIEWS = (
    "latest_run",
    "latest_recommendations",
    "latest_metrics",
    "side_by_side",
    "run_history",
    "llm_usage",
)
"""In the order in which they build on each other."""


def statement(name: str) -> str:
    """The text of a file of this folder, such as "schema.sql" or "views/latest_run.sql"."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def questions() -> list[str]:
    """Names of the questions that ship, without folder and ending."""
    names = (entry.name for entry in files(__name__).joinpath("questions").iterdir())
    return sorted(name.removesuffix(".sql") for name in names if name.endswith(".sql"))
