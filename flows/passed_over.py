"""What a method does not look at, as there is too much of it."""

from collections.abc import Iterable

from flows.pipeline import Pipeline, rating_counts
from tasks.models.base import Extent
from tasks.models.registry import model_class


def passed_over(pipeline: Pipeline, models: Iterable[str]) -> tuple[str, ...]:
    """What fitting these models, and learning the order, leaves aside, a line each."""
    method, ratings = pipeline.method, pipeline.inputs.ratings.rows
    extent = Extent(ratings, pipeline.dataset.users, rating_counts(pipeline).rows)
    slow = [model_class(name).label for name in sorted(pipeline.left_out)]
    lines = [f"{label} proposes nothing: of so many ratings it would take long" for label in slow]
    told = [model_class(name).passed_over(extent, method.model_options.of(name)) for name in models]
    lines += [line for line in told if line]
    if method.reranker == "learned" and ratings > method.learn_ratings:
        share = f"{method.learn_ratings / ratings:.0%} of all ratings"
        lines.append(f"the order and pairs of items are learned from a draw of people, {share}")
    return tuple(lines)
