"""What one night leaves for the next: written into its run's record, read from there."""

from pathlib import Path

from pydantic import ValidationError

from tasks.core.artifacts import artifacts_in, is_intact
from tasks.core.vocabulary import Artifact, Dataset, Record
from tasks.models.options import ModelOptions
from tasks.ranking.blend import Learned
from tasks.store.query import query
from tasks.store.warehouse import has_results

COLUMN_IS_KNOWN = (
    "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'runs' AND column_name = 'state'"
)
LAST = """
SELECT run_id, state::VARCHAR AS state FROM runs
WHERE flow = 'nightly' AND method = $method AND state IS NOT NULL
ORDER BY finished_at_utc DESC, run_id DESC LIMIT 1
"""


class Unrated(Record):
    """How unrated items are judged: what was learned of hidden ones, and how to compare the two.

    `share`: what part of all ratings the scores of other items foresee.
    """

    learned: Learned
    share: float


class Fitted(Record):
    """Everything in a method that is learned from ratings.

    `options`: those of the base models, with what was chosen on inner splits. `models`: the base
    models by name. `learned` and `unrated` are the learned re-ranker's, where that orders.
    """

    options: ModelOptions
    models: dict[str, Artifact]
    learned: Learned | None = None
    unrated: Unrated | None = None


class Known(Record):
    """What a night knew of people and items."""

    dataset: Dataset
    users: Artifact
    texts: Artifact
    typed: Artifact | None


class NightState(Record):
    """A complete night, for the next to build on.

    `lists`: every user's candidates, ranked; `listed` (user, listed_in): the run that made each.
    `fitted` has served `served` nights, since the run `model_from`. `judged`: how lists of earlier
    nights did on the ratings after them, oldest first. `measured_in`: the run that measured the
    method on held-out ratings, of `measured_users` users; None: of all.
    """

    known: Known
    lists: Artifact
    listed: Artifact
    fitted: Fitted
    model_from: str
    served: int
    judged: list[Artifact]
    measured_in: str | None
    measured_users: int | None


class LastNight(Record):
    """The last complete night of a method."""

    run_id: str
    state: NightState

    def is_intact(self, home: Path) -> bool:
        """Whether every file that it left is still what was written."""
        return all(is_intact(home, artifact) for artifact in artifacts_in(self.state))


def last_night(home: Path, method: str) -> LastNight | None:
    """The last complete night of this method, None without one that can be read."""
    if not has_results(home) or not query(home, COLUMN_IS_KNOWN).item():
        return None
    found = query(home, LAST, {"method": method})
    if not found.height:
        return None
    run_id, text = found.row(0)
    try:
        return LastNight(run_id=run_id, state=NightState.model_validate_json(text))
    except ValidationError:
        return None
