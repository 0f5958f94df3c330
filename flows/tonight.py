"""Whose lists are made tonight, and whose stay as the last complete night left them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flows.lists import make_lists
from flows.pipeline import Inputs, Pipeline, Ranked
from tasks.cascade.stages import AskedHeads
from tasks.core.errors import TooLittleDataError
from tasks.core.stage import list_versions
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact, ProtocolName, Record
from tasks.night.guard import Verdict
from tasks.night.stages import (
    Judgement,
    changes_stage,
    listed_stage,
    merge_lists_stage,
    places_stage,
)
from tasks.night.state import Fitted, Known, NightState, method_of
from tasks.settings.settings import Settings
from tasks.store.nights import LastNight, degraded_night, last_night

TONIGHT = "tonight"
FIRST = "the first night of this method on this data"
REFITTED = "the method was fitted anew"
DAMAGED = "a file of the last night is gone or damaged"
OTHER_IDS = "ids are of another kind than before"


class Plan(Record):
    """Who is to get a new list, and why.

    `users`: for whom, None where for nobody. `reasons`: for how many users which comes first.
    `last`: the night whose lists the others keep; None where a list is made for everybody.
    `before`: the last complete night, whether its lists stay or not; None without one to compare.
    """

    method: str
    users: Artifact | None
    reasons: dict[str, int]
    last: LastNight | None
    before: LastNight | None
    gone: int = 0

    @property
    def fitted(self) -> Fitted | None:
        """What was learned earlier and serves tonight."""
        return self.last.state.fitted if self.last else None

    @property
    def changes_nothing(self) -> bool:
        """Whether everybody keeps the list of the last night, and nobody is gone."""
        return self.last is not None and self.users is None and not self.gone


class Lists(Record):
    """Everybody's ranked candidates, the run that made each user's, and what they come from.

    Where a language model judges heads: which are `asked` about tonight, and how many `unscored`.
    """

    ranked: Artifact
    listed: Artifact
    fitted: Fitted
    model_from: str
    served: int
    degraded: str | None
    asked: AskedHeads | None = None
    unscored: int = 0


@dataclass(frozen=True)
class Tonight:
    """One night's work on lists."""

    steps: Steps
    settings: Settings
    known: Known

    @property
    def method(self) -> str:
        """What nights that build on each other share."""
        return method_of(self.settings, self.known.dataset.info, list_versions())

    def plan(self) -> Plan:
        """Compare what is known with what the last complete night of this method knew."""
        return self.plan_after(last_night(self.settings.home, self.method))

    def plan_after(self, before: LastNight | None) -> Plan:
        """The same with the night that is given, or as the first one."""
        method = self.method
        if before is None:
            return self._everybody(method, FIRST, None)
        if not before.is_intact(self.settings.home):
            return self._everybody(method, DAMAGED, None)
        if before.state.known == self.known:
            return Plan(method=method, users=None, reasons={}, last=before, before=before)
        changed = self.steps.run(
            changes_stage,
            now=self.known,
            before=before.state.known,
            lists=before.state.lists,
        )
        if changed.users is None:
            return self._everybody(method, OTHER_IDS, None)
        if self.settings.night.refit and before.state.served >= self.settings.night.refit:
            return self._everybody(method, REFITTED, before, changed.gone)
        return Plan(
            method=method,
            users=changed.users if changed.users.rows else None,
            reasons=changed.reasons,
            last=before,
            before=before,
            gone=changed.gone,
        )

    def _everybody(self, method: str, why: str, before: LastNight | None, gone: int = 0) -> Plan:
        users = self.known.users
        given = {"method": method, "users": users, "before": before, "gone": gone}
        return Plan(**given, reasons={why: users.rows}, last=None)

    def pipeline(self, plan: Plan | None = None) -> Pipeline:
        """The stages for the users of the plan with what serves them, or for everybody anew."""
        inputs = Inputs(
            ratings=self.known.dataset.ratings,
            users=(plan and plan.users) or self.known.users,
            typed=self.known.typed,
            fitted=plan.fitted if plan else None,
            rules=self.known.rules,
        )
        pipeline = Pipeline.of(self.steps, self.settings, self.known.dataset, inputs)
        asks = self.settings.llm.llm_model is not None
        again = degraded_night(self.settings.home, self.method) if asks else None
        return replace(pipeline, again=again)

    @property
    def measured_by(self) -> ProtocolName:
        """How ratings are held out to measure the method."""
        usual: ProtocolName = "horizon" if self.pipeline().windows else "loo"
        return self.settings.night.measure_protocol or usual

    def lists(self, plan: Plan, run_id: str = "") -> Lists:
        """Everybody's lists: new ones for the users of the plan, the others' as they were."""
        made = make_lists(self.pipeline(plan)) if plan.users else None
        if made and not plan.last:
            return Lists(
                ranked=made.lists,
                listed=self._listed(run_id, plan),
                fitted=made.fitted,
                model_from=_model_from(plan, made.fitted) or run_id,
                served=1,
                degraded=made.degraded,
                asked=made.asked,
                unscored=made.unscored,
            )
        if not plan.last:
            raise TooLittleDataError("There is nobody to recommend to.", "Check the ratings.")
        state, same = plan.last.state, not made and not plan.gone
        return Lists(
            ranked=state.lists if same else self._merged(made, plan, state.lists),
            listed=state.listed if same else self._listed(run_id, plan),
            fitted=state.fitted,
            model_from=state.model_from,
            served=state.served + 1,
            degraded=made.degraded if made else None,
            asked=made.asked if made else None,
            unscored=made.unscored if made else 0,
        )

    def _merged(self, made: Ranked | None, plan: Plan, kept: Artifact) -> Artifact:
        return self.steps.run(
            merge_lists_stage,
            new=made.lists if made else None,
            kept=kept,
            changed=plan.users,
            users=self.known.users,
        )

    def _listed(self, run_id: str, plan: Plan) -> Artifact:
        return self.steps.run(
            listed_stage,
            run_id=run_id,
            users=self.known.users,
            new=plan.users,
            kept=plan.last.state.listed if plan.last else None,
        )


def state_of(
    tonight: Tonight,
    plan: Plan,
    lists: Lists,
    judged: Sequence[Artifact],
    measured_in: str | None,
    measured: Sequence[Verdict] = (),
) -> NightState:
    """What the night leaves for the next one."""
    earlier = plan.last.state.measured_in if plan.last else None
    return NightState(
        known=tonight.known,
        lists=lists.ranked,
        listed=lists.listed,
        fitted=lists.fitted,
        model_from=lists.model_from,
        served=lists.served,
        judged=list(judged),
        measured_in=measured_in or earlier,
        measured_users=tonight.settings.users_to_measure,
        measured_by=tonight.measured_by,
        measured=measured,
    )


def places_of(tonight: Tonight, lists: Lists, guarding: Judgement) -> Artifact:
    """What is published of the lists: base lists for whom the guard says so."""
    return tonight.steps.run(
        places_stage,
        ranked=lists.ranked,
        listed=lists.listed,
        guarded=guarding.guarded if guarding.note else None,
        top=tonight.settings.top,
    )


def _model_from(plan: Plan, fitted: Fitted) -> str | None:
    """The run that made the same model before, where there is one."""
    same = plan.before is not None and plan.before.state.fitted == fitted
    return plan.before.state.model_from if plan.before and same else None
