"""Whether lists follow what somebody says: tastes in words held against the items that fit them."""

from datetime import UTC, datetime

import polars as pl

from flows.dataset import read_dataset
from flows.lists import make_lists
from flows.outcomes import WishResult
from flows.pipeline import Inputs, Pipeline, rating_counts
from flows.recommend import prepared
from flows.wishes import lists_by_words, word_inputs
from tasks.core.artifacts import read_table
from tasks.core.direct_steps import DirectSteps
from tasks.core.errors import SettingsError
from tasks.evaluation.wishes import (
    example_lists,
    measure_wishes_stage,
    read_wishes,
    wishing_people_stage,
)
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import Settings, settings_json
from tasks.store.record import EvaluationRun, new_run_id
from tasks.store.stages import publish_wishes_stage


def measure_wishes(settings: EvaluationSettings) -> WishResult:
    """Make lists for every taste with and without its words, and publish how well they fit.

    Everything is learned from all ratings of the data set; the tastes are no part of it.
    """
    if settings.wishes is None:
        raise SettingsError("protocol: wishes needs tastes.", "Give --wishes FILE.")
    started, steps = datetime.now(UTC), DirectSteps(settings.home)
    nightly = _as_on_a_night(settings)
    dataset = read_dataset(steps, nightly)
    items = read_table(settings.home, dataset.items)
    wishes = read_wishes(settings.wishes, items)
    everybody, fitted = prepared(steps, nightly, dataset)
    counts = rating_counts(everybody)
    people = steps.run(
        wishing_people_stage,
        ratings=dataset.ratings,
        counts=counts,
        wishes=wishes,
        high=dataset.info.scale[1],
        seed=settings.seed,
    )
    inputs = Inputs(
        ratings=people.ratings,
        users=people.users,
        fitted=fitted,
        everybody=dataset.ratings,
    )
    typing = inputs.model_copy(update={"typed": people.typed})
    without = make_lists(Pipeline.of(steps, nightly, dataset, inputs)).lists
    with_words = lists_by_words(Pipeline.of(steps, nightly, dataset, typing)).lists
    measured = steps.run(
        measure_wishes_stage,
        wishes=wishes,
        people=people,
        with_words=with_words,
        without_words=without,
        counts=counts,
        words=word_inputs(everybody),
    )
    run = EvaluationRun(
        run_id=new_run_id(started),
        flow="wishes",
        started_at_utc=started,
        config=settings_json(settings),
        stages=steps.records,
    )
    asks, ours, plain = (
        read_table(settings.home, one) for one in (people.asks, with_words, without)
    )
    examples = example_lists(asks, ours, plain, items)
    database = steps.run(
        publish_wishes_stage,
        run=run,
        dataset=dataset.info.name,
        measured=measured,
        examples=examples.to_dicts(),
    )
    weights = fitted.words
    return WishResult(
        run_id=run.run_id,
        database=settings.home / database,
        learned=list(zip(weights.ratings, weights.weights, strict=True)) if weights else [],
        rows=_by_situation(read_table(settings.home, measured)),
    )


def _as_on_a_night(settings: EvaluationSettings) -> Settings:
    names = Settings.model_fields.keys() & EvaluationSettings.model_fields.keys()
    return Settings(**{name: getattr(settings, name) for name in names})


def _by_situation(rows: pl.DataFrame) -> list[dict[str, object]]:
    mean = [pl.col(name).mean() for name in ("fit", "fit_simple", "fit_without", "steer")]
    by_taste = rows.group_by("situation", "taste", maintain_order=True).agg(
        *mean, pl.col("known").median(), pl.len().alias("people")
    )
    whole = by_taste.group_by("situation", maintain_order=True).agg(
        pl.len().alias("tastes"), pl.col("people").sum(), *mean, pl.col("known").median()
    )
    return whole.to_dicts()
