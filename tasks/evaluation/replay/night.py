"""What a replay says of one night, and of each of its lists."""

from tasks.core.vocabulary import Artifact, Record
from tasks.evaluation.cell import Measured
from tasks.evaluation.stages import Split
from tasks.settings.method import Method

WITHOUT = "without "
"""What the names of lists begin with that lack a feature or a group of features."""


class JudgedList(Record):
    """One kind of list of a night: whose ratings judged it, and what they gave.

    `lists`: (user, item, base_rank, rank) as long as they are published.
    """

    label: str
    method: Method
    split: Split
    lists: Artifact
    measured: Measured


class ReplayedNight(Record):
    """A night that was made again.

    `moment`: seconds since 1970. `people` were served; `judged` of them rated something within the
    horizon, as did `newcomers`, of whom nothing was known. `new_lists`: for how many; `fitted`:
    whether models were fitted that night. `seconds` passed in this run; `work_seconds` is what the
    stages took when they were made. `reliability`: see `reliability_stage`; None where no
    probability orders the lists.
    """

    number: int
    moment: int
    people: int
    judged: int
    newcomers: int
    new_lists: int
    fitted: bool
    status: str
    note: str | None
    requests: int
    seconds: float
    work_seconds: float
    reliability: Artifact | None
