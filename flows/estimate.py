"""What a night would ask of the language model, without asking."""

from decimal import Decimal

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.candidates import propose
from flows.cascade import NOT_MEASURED, asking_about, heads_to_ask, measured, sampled
from flows.dataset import what_is_known
from flows.outcomes import Estimate, EstimateLine
from flows.pipeline import Candidates, Pipeline
from flows.ranking import learn_aloud, lists_without_model
from flows.runner import on_its_runner
from flows.similarity import shown_to_scorer, with_way
from flows.tonight import TONIGHT, Tonight
from flows.tuning import tuned
from tasks.cascade.heads import PARTS
from tasks.core.artifacts import read_table
from tasks.core.flow_steps import FlowSteps
from tasks.core.vocabulary import Artifact
from tasks.features.similarity.language import people_shown
from tasks.features.similarity.scorer import ScoringInputs
from tasks.llm.budget import NANO
from tasks.llm.estimate import RequestPlan, plan_profiles, plan_scores, plan_sentences
from tasks.llm.questions import PROFILE, WHY, scoring
from tasks.llm.session import session_for
from tasks.llm.ways import expected_way
from tasks.settings.settings import Settings, check_estimable
from tasks.texts.profiles.language import favourites_blocks, with_lines
from tasks.texts.sentences.listed import make_listed, places

OF_SAMPLE = " of a sample"


@flow(name="estimate", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def estimate(settings: Settings) -> Estimate:
    """Count the requests of tonight's new lists.

    A person whose profile is still to be written counts with all pairs new, and with the length of
    the composed text in its place. While scores are still to be asked for nobody knows the lists:
    sentences are then counted as if the lists without the model were published. Where heads are
    judged, and what that adds is still to be asked, everybody's head counts.
    """
    check_estimable(settings)
    tonight = _tonight(settings)
    plan, dataset = tonight.plan(), tonight.known.dataset
    session = session_for(settings.home, settings.engine)
    way = session.run(expected_way)
    everybody = with_way(tonight.pipeline(), way or "numbers")
    changed = tuned(with_way(tonight.pipeline(plan), way or "numbers"))
    engine = everybody.engine
    session = session_for(settings.home, engine)
    proposed = propose(changed) if plan.users else None
    prepared = shown_to_scorer(everybody, write=False)
    profiles, texts = (read_table(settings.home, a) for a in (prepared.profiles, prepared.texts))
    plans: dict[str, RequestPlan] = {}
    if everybody.writes_tastes and not (settings.method.cascades and proposed):
        blocks = favourites_blocks(profiles, texts)
        plans[PROFILE.kind], lines = session.run(lambda e: plan_profiles(e, blocks))
        profiles = with_lines(profiles, blocks, lines)
    if proposed and settings.method.cascades:
        plans |= _plans_of_heads(changed, proposed)
    elif proposed and settings.method.asks_llm:
        pairs = read_table(settings.home, proposed.pairs)
        asked = ScoringInputs(pairs, profiles, texts, dataset.info.scale)
        people = people_shown(asked, engine)
        plans[scoring(engine).kind] = session.run(lambda e: plan_scores(e, people))
    if settings.night.explain:
        waits = proposed and any(plan.requests for plan in plans.values())
        lists = (
            lists_without_model(changed, proposed)
            if proposed and waits
            else tonight.lists(plan).ranked
        )
        shown = places(read_table(settings.home, lists), profiles, settings.top)
        listed = make_listed(shown, profiles, texts, engine)
        plans[WHY.kind] = session.run(lambda e: plan_sentences(e, listed))
    scores = [plan for kind, plan in plans.items() if kind.startswith(scoring(engine).kind)]
    known = sum(plan.known for plan in scores)
    return Estimate(
        model=settings.llm.llm_model or "",
        way=way if settings.method.asks_llm else "numbers",
        lines=[_line(kind, plan, settings) for kind, plan in plans.items()],
        known=known,
        pairs=known + sum(plan.pairs for plan in scores),
    )


def _plans_of_heads(pipeline: Pipeline, proposed: Candidates) -> dict[str, RequestPlan]:
    """What is asked of a sample, as far as the ledger lacks it, and of tonight's heads."""
    plans: dict[str, RequestPlan] = {}
    fitted = pipeline.inputs.fitted
    cascade = fitted.cascade if fitted else None
    if not fitted:
        learned = learn_aloud(pipeline)
        sample, asking = sampled(pipeline, learned)
        if not sample or not sample.enough:
            cascade = NOT_MEASURED
        else:
            plans = _plans_about(asking, sample.heads, OF_SAMPLE)
            if not any(plan.requests for plan in plans.values()):
                cascade = measured(pipeline, learned)
    always = pipeline.engine.llm_always
    asks = cascade.asks(always=always) if cascade else dict.fromkeys(PARTS, True)
    lists = lists_without_model(pipeline, proposed)
    heads = heads_to_ask(pipeline, lists, asks)
    return plans | _plans_about(asking_about(pipeline, heads.users), heads.pairs)


def _plans_about(pipeline: Pipeline, pairs: Artifact, whose: str = "") -> dict[str, RequestPlan]:
    """What is asked about these pairs, and for the profiles that are shown with them."""
    home, prepared = pipeline.steps.home, shown_to_scorer(pipeline, write=False)
    session = session_for(home, pipeline.engine)
    profiles, texts = (read_table(home, a) for a in (prepared.profiles, prepared.texts))
    plans: dict[str, RequestPlan] = {}
    if pipeline.writes_tastes:
        blocks = favourites_blocks(profiles, texts)
        plan, lines = session.run(lambda engine: plan_profiles(engine, blocks))
        plans[f"{PROFILE.kind}{whose}"] = plan
        profiles = with_lines(profiles, blocks, lines)
    scale = pipeline.dataset.info.scale
    asked = ScoringInputs(read_table(home, pairs), profiles, texts, scale)
    people = people_shown(asked, pipeline.engine)
    kind = scoring(pipeline.engine).kind
    plans[f"{kind}{whose}"] = session.run(lambda engine: plan_scores(engine, people))
    return plans


def _tonight(settings: Settings) -> Tonight:
    steps = FlowSteps(settings.home, TONIGHT)
    return Tonight(steps, settings, what_is_known(steps, settings))


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
