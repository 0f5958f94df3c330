"""How old the results are: of which night, and of which measurement, an answer is."""

from pathlib import Path

from tasks.core.errors import StoreError
from tasks.store.query import query

LAST = """
SELECT night.run_id, night.dataset,
       epoch(now()) - epoch(night.finished_at_utc AT TIME ZONE 'UTC') AS age,
       made.run_id AS measured_in,
       epoch(now()) - epoch(made.finished_at_utc AT TIME ZONE 'UTC') AS measured_age
FROM latest_run AS night
LEFT JOIN runs AS made ON made.run_id = night.measured_in
"""


def said_age(home: Path) -> str | None:
    """Which night is the last, and which measured its method, with their ages; None without one."""
    try:
        rows = query(home, LAST).rows(named=True)
    except StoreError:  # of a version that did not say
        return None
    if not rows:
        return None
    (row,) = rows
    night = f"Last night: {row['run_id']} of {row['dataset']}, {_ago(row['age'])}"
    if row["measured_in"] in {None, row["run_id"]}:
        return f"{night}; {'measured then' if row['measured_in'] else 'not measured'}."
    return f"{night}; measured in {row['measured_in']}, {_ago(row['measured_age'])}."


def _ago(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.1f} hours ago" if hours < 48 else f"{hours / 24:.1f} days ago"
