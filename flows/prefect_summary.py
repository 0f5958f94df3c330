"""What a night leaves in Prefect's UI: a summary, which names its report."""

import logging
import socket
from collections.abc import Sequence
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

import sql
from tasks.core.prefect_progress import is_seen
from tasks.settings.settings import Settings
from tasks.store.query import query

log = logging.getLogger(__name__)

SUMMARY_KEY = "palate-night"
_MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\|`*_<>[]#"})


def show_in_prefect(settings: Settings, run_id: str, report: Path | None = None) -> None:
    """Leave a summary of a published run, where a server keeps it; that may fail.

    The report is named by its path: browsers follow no link from a server to a file.
    """
    if not is_seen():
        return
    try:
        text = summary(settings.home, run_id, report)
        create_markdown_artifact(text, SUMMARY_KEY, f"Night {run_id}")
    except Exception:  # the night is published, whatever is shown of it
        log.warning("No summary could be left for run %s.", run_id, exc_info=True)


def summary(home: Path, run_id: str, report: Path | None = None) -> str:
    """A run in Markdown: how it ended, how good its lists are, what was asked of a model."""
    this = {"run_id": run_id}
    run = query(home, sql.statement("night/summary.sql"), this)
    figures = query(home, sql.statement("night/metrics.sql"), this)
    parts = [f"## Night {run_id}", _table(run.transpose(include_header=True).rows(), ("", ""))]
    if figures.height:
        parts += ["### On held-out ratings", _table(figures.rows(), figures.columns)]
    else:
        parts.append("Not measured.")
    if report is not None:
        where = f"on {socket.gethostname()}: {report.resolve()}"
        parts.append(f"The page about the night lies {_cell(where)}")
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[tuple[object, ...]], header: Sequence[str]) -> str:
    lines = [header, ["---"] * len(header), *(map(_cell, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.translate(_MARKUP).split())
