"""The scorer that asks a language model how well each item fits a person's taste (PAPER.md, 5)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.progress import bar
from tasks.core.vocabulary import ESTIMATE, ITEM, MEAN_RATING, USER, ItemText, Profile
from tasks.features.similarity.scorer import Scores, ScoringInputs
from tasks.llm.asking import ask_scores
from tasks.llm.item_asking import PersonItems
from tasks.llm.options import EngineOptions, LlmOptions
from tasks.llm.questions import RATE
from tasks.llm.rendering import item_line, person_block, plain_line, rated_block
from tasks.llm.session import session_for
from tasks.texts.item_texts import BACKGROUND


def model_scores(asked: ScoringInputs, home: Path, options: EngineOptions) -> Scores:
    """One score (P,) per candidate, from the ledger or the model; NaN where there is none.

    Raises LlmError when no more can be asked; what was answered until then is kept.
    """
    people = people_shown(asked, options)
    session = session_for(home, options)
    with bar(f"asking {options.llm_model}", total=asked.candidates.height) as advance:
        settled = session.settling(advance)
        answers = session.run(lambda engine: ask_scores(engine, people, settled))
    scores = in_order(asked, answers)
    return scores if options.llm_ask != "ratings" else above_mean(asked, scores)


def people_shown(asked: ScoringInputs, options: LlmOptions) -> list[PersonItems]:
    """People and their candidates as the model reads them, sorted by user.

    Items stay in the order of the base list; estimates are mapped from the scale to [-1, 1]. Where
    scores are asked for beside ratings, people and items are shown in their form.
    """
    low, high = asked.scale
    normal = (2.0 * (pl.col(ESTIMATE) - low) / (high - low) - 1.0).alias(ESTIMATE)
    wanted = asked.candidates.group_by(USER, maintain_order=True).agg(ITEM, normal).sort(USER)
    people = wanted.join(asked.profiles, on=USER, how="left", maintain_order="left")
    mentioned = pl.col(ITEM).is_in(asked.candidates[ITEM].unique().implode())
    needed = asked.texts.filter(mentioned).select(pl.exclude(BACKGROUND))
    by_item = {row[ITEM]: ItemText.model_validate(row) for row in needed.iter_rows(named=True)}
    parts = RATE.shows(options) if RATE.shows and options.llm_ask == "ratings" else None
    shown = []
    for person in people.iter_rows(named=True):
        pairs = zip(person.pop(ITEM), person.pop(ESTIMATE), strict=True)
        profile = Profile.model_validate(person)
        if parts is not None:
            lines = [plain_line(by_item[item], parts) for item, _ in pairs]
            shown.append(PersonItems(rated_block(profile, asked.scale), lines))
        else:
            lines = [item_line(by_item[item], options.llm_show, value) for item, value in pairs]
            shown.append(PersonItems(person_block(profile), lines))
    return shown


def above_mean(asked: ScoringInputs, scores: Scores) -> Scores:
    """Foretold ratings (P,), in [-1, 1] by the scale, less each person's mean, as scores (P,).

    Of somebody without ratings the mean is the middle of the scale.
    """
    low, high = asked.scale
    normal = (2.0 * (pl.col(MEAN_RATING) - low) / (high - low) - 1.0).fill_null(0.0)
    means = asked.profiles.select(USER, normal.alias("mean"))
    theirs = asked.candidates.select(USER).join(means, on=USER, how="left", maintain_order="left")
    above: Scores = scores - theirs["mean"].to_numpy()
    return above.clip(-1.0, 1.0)


def in_order(asked: ScoringInputs, answers: Sequence[Sequence[float | None]]) -> Scores:
    """The answers to `people_shown` (None: no score) in the order of the candidates (P,)."""
    order = asked.candidates.with_row_index("row").sort(USER, maintain_order=True)["row"]
    result = np.full(asked.candidates.height, np.nan)
    flat = [np.nan if score is None else score for scores in answers for score in scores]
    result[order.to_numpy()] = flat
    return result
