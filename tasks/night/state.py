"""What one night leaves for the next, and which nights belong together.

`tasks.store.nights` reads the state from the run's record.
"""

import hashlib
from collections.abc import Mapping, Sequence

from pydantic import Field
from pydantic_core import to_json

from tasks.cascade.worth import Cascade
from tasks.core.optional import version_of
from tasks.core.vocabulary import Artifact, Dataset, DatasetInfo, ProtocolName, Record, Rules
from tasks.llm.options import VARIANTS
from tasks.models.options import ModelOptions
from tasks.night.guard import Verdict
from tasks.ranking.blend import Learned
from tasks.settings.settings import Settings
from tasks.wishes.steering import TasteWeights


class Unrated(Record):
    """How unrated items are judged: what was learned of hidden ones, and how to compare the two.

    `share`: what part of all ratings the scores of other items foresee.
    """

    learned: Learned
    share: float


class Fitted(Record):
    """Everything in a method that is learned from ratings.

    `options`: those of the base models, with what was chosen on inner splits. `models`: the base
    models by name. `learned` and `unrated` are the learned re-ranker's, where that orders. `words`:
    how much typed words weigh; None until somebody typed some. `cascade`: what a language model
    adds to the learned order, where one is asked. `passed_over`: what was not looked at, as there
    is too much of it, a line each.
    """

    options: ModelOptions
    models: dict[str, Artifact]
    learned: Learned | None = None
    unrated: Unrated | None = None
    words: TasteWeights | None = None
    cascade: Cascade | None = None
    passed_over: tuple[str, ...] = ()


class Known(Record):
    """What a night knew of people and items."""

    dataset: Dataset
    users: Artifact
    texts: Artifact
    typed: Artifact | None
    rules: Rules | None = Field(None, exclude_if=lambda rules: rules is None)


class NightState(Record):
    """A complete night, for the next to build on.

    `lists`: every user's candidates, ranked; `listed` (user, listed_in): the run that made each.
    `fitted` has served `served` nights, since the run `model_from`. `judged`: how lists of earlier
    nights did on the ratings after them, oldest first. `measured_in`: the run that measured the
    method on held-out ratings, of `measured_users` users (None: of all) under `measured_by`;
    `measured`: what that said of re-ranked lists.
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
    measured_by: ProtocolName | None = None
    measured: Sequence[Verdict] = ()


def method_of(settings: Settings, info: DatasetInfo, logic: Mapping[str, Sequence[str]]) -> str:
    """A hash of everything but the data that decides a list; `logic`: the stages' versions.

    Nights with the same are made in the same way from like data.
    The data set counts by its name and scale, typed tastes by what they say: files move, and grow.
    """
    asked = {name: getattr(settings.llm, name) for name in (*VARIANTS, "llm_model")}
    lists = settings.top, settings.seed, settings.limit_users, settings.horizon
    chosen = settings.method, asked, *lists
    trees = version_of("lightgbm") if settings.method.learn_trees else None
    data = info.name, info.scale, info.relevant_at
    return hashlib.sha256(to_json([chosen, data, sorted(logic.items()), trees])).hexdigest()[:16]
