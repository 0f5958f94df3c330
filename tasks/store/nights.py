"""The last complete night of a method, from the results file."""

from pathlib import Path

from pydantic import ValidationError

from tasks.core.artifacts import artifacts_in, is_intact
from tasks.core.vocabulary import Record
from tasks.night.state import NightState
from tasks.store.query import query
from tasks.store.warehouse import has_results

HAS_STATES = (
    "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'runs' AND column_name = 'state'"
)
LAST = """
SELECT run_id, state::VARCHAR AS state FROM runs
WHERE flow = 'nightly' AND method = $method AND state IS NOT NULL
ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1
"""


LATEST = """
SELECT run_id, status FROM runs WHERE flow = 'nightly' AND method = $method
ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1
"""


class LastNight(Record):
    """A night that the next can build on."""

    run_id: str
    state: NightState

    def is_intact(self, home: Path) -> bool:
        """Whether every file that it left is still what was written."""
        return all(is_intact(home, artifact) for artifact in artifacts_in(self.state))


def degraded_night(home: Path, method: str) -> str | None:
    """The run of the last night of this method, if it was degraded."""
    if not has_results(home) or not query(home, HAS_STATES).item():
        return None
    rows = query(home, LATEST, {"method": method}).rows()
    return rows[0][0] if rows and rows[0][1] == "degraded" else None


def last_night(home: Path, method: str) -> LastNight | None:
    """The last complete night of this method, None without one that can be read."""
    if not has_results(home) or not query(home, HAS_STATES).item():
        return None
    rows = query(home, LAST, {"method": method}).rows()
    if not rows:
        return None
    run_id, text = rows[0]
    try:
        return LastNight(run_id=run_id, state=NightState.model_validate_json(text))
    except ValidationError:
        return None
