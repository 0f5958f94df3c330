"""What a night would ask of the language model, without asking."""

from decimal import Decimal

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.candidates import propose
from flows.dataset import what_is_known
from flows.outcomes import Estimate, EstimateLine
from flows.ranking import base_lists
from flows.runner import on_its_runner
from flows.similarity import prepare
from flows.tonight import TONIGHT, Tonight
from flows.tuning import tuned
from tasks.core.artifacts import read_table
from tasks.core.errors import SettingsError
from tasks.core.flow_steps import FlowSteps
from tasks.features.similarity.language import people_shown
from tasks.features.similarity.scorer import ScoringInputs
from tasks.llm.budget import NANO
from tasks.llm.estimate import RequestPlan, plan_profiles, plan_scores, plan_sentences
from tasks.llm.questions import PROFILE, SCORE, WHY
from tasks.llm.session import session_for
from tasks.settings.settings import Settings
from tasks.texts.profiles.language import favourites_blocks, with_lines
from tasks.texts.sentences.listed import make_listed, places


@flow(name="estimate", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def estimate(settings: Settings) -> Estimate:
    """Count the requests of tonight's new lists.

    A person whose profile is still to be written counts with all pairs new, and with the length of
    the composed text in its place. While scores are still to be asked for nobody knows the lists:
    sentences are then counted as if the base lists were published.
    """
    _refuse_what_is_not_counted(settings)
    tonight = _tonight(settings)
    plan, dataset = tonight.plan(), tonight.known.dataset
    everybody, changed = tonight.pipeline(), tuned(tonight.pipeline(plan))
    proposed = propose(changed) if plan.users else None
    prepared = prepare(everybody)
    session = session_for(settings.home, settings.engine)
    profiles, texts = (read_table(settings.home, a) for a in (prepared.profiles, prepared.texts))
    plans: dict[str, RequestPlan] = {}
    if settings.method.writer == "llm":
        blocks = favourites_blocks(profiles, texts)
        plans[PROFILE.kind], lines = session.run(lambda e: plan_profiles(e, blocks))
        profiles = with_lines(profiles, blocks, lines)
    if proposed and settings.method.asks_llm:
        pairs = read_table(settings.home, proposed.pairs)
        asked = ScoringInputs(pairs, profiles, texts, dataset.info.scale)
        people = people_shown(asked, settings.engine)
        plans[SCORE.kind] = session.run(lambda engine: plan_scores(engine, people))
    if settings.night.explain:
        waits = proposed and any(plan.requests for plan in plans.values())
        lists = base_lists(changed, proposed) if proposed and waits else tonight.lists(plan).ranked
        shown = places(read_table(settings.home, lists), profiles, settings.top)
        listed = make_listed(shown, profiles, texts, settings.engine)
        plans[WHY.kind] = session.run(lambda engine: plan_sentences(engine, listed))
    scores = plans.get(SCORE.kind)
    return Estimate(
        model=settings.llm.llm_model or "",
        lines=[_line(kind, plan, settings) for kind, plan in plans.items()],
        known=scores.known if scores else 0,
        pairs=scores.known + scores.pairs if scores else 0,
    )


def _tonight(settings: Settings) -> Tonight:
    steps = FlowSteps(settings.home, TONIGHT)
    return Tonight(steps, settings, what_is_known(steps, settings))


def _refuse_what_is_not_counted(settings: Settings) -> None:
    asks = settings.method.asks_llm or settings.method.writer == "llm" or settings.night.explain
    if not settings.llm.llm_model or not asks:
        raise SettingsError(
            "There is nothing to estimate: no language model is asked.",
            "Give --scorer llm (or llm-batch) or --explain, and --llm-model.",
        )
    if settings.method.learns_scores and settings.method.reranker == "learned":
        raise SettingsError(
            "learn_scores: what a language model would be asked of inner splits is not counted.",
            f"Reckon with {1 + settings.method.learn_splits} times what a night without it asks.",
        )


def _line(kind: str, plan: RequestPlan, settings: Settings) -> EstimateLine:
    budget = session_for(settings.home, settings.engine).engine.budget
    share = budget.batch_share if settings.method.scorer == "llm-batch" else Decimal(1)
    cost = budget.price.nano_dollars(plan.usage, share) if budget.price else None
    return EstimateLine(
        kind=kind,
        requests=plan.requests,
        pairs=plan.pairs,
        prompt_tokens=plan.usage.prompt,
        answer_tokens=plan.usage.answer,
        dollars=None if cost is None else Decimal(cost) / NANO,
    )
