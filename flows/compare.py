"""Both lists of one new person, to be compared blindly."""

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.recommend import rank_for
from flows.runner import on_its_runner
from tasks.core.vocabulary import GENRES, ITEM, TITLE, YEAR
from tasks.report.blind.pair import Pair, two_lists
from tasks.settings.settings import Settings


@flow(name="compare", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def compare(settings: Settings, rate: list[str] | None = None, taste: str | None = None) -> Pair:
    """Rank for somebody who is not in the data set, as `recommend` does; nothing is published."""
    person = rank_for(settings, rate, taste)
    lists = person.read(person.ranked.lists)
    titled = lists.join(person.items.select(ITEM, TITLE, YEAR, GENRES), on=ITEM, how="left")
    base, reranked = two_lists(titled, settings.top)
    return Pair(
        dataset=person.pipeline.dataset.info.name,
        model=settings.method.model,
        scorer=settings.method.scorer,
        reranker=settings.method.reranker,
        base=base,
        reranked=reranked,
        degraded=person.ranked.degraded,
    )
