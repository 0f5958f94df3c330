"""Both lists of one new person, to be compared blindly."""

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.recommend import rank_for
from flows.runner import on_its_runner
from tasks.core.vocabulary import GENRES, ITEM, TITLE, YEAR, Record
from tasks.report.blind.pair import Pair, two_lists
from tasks.settings.settings import Settings


class Compared(Record):
    """The lists, and why they are both in the base order where the language model was down."""

    pair: Pair
    degraded: str | None = None


@flow(name="compare", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def compare(
    settings: Settings, rate: list[str] | None = None, taste: str | None = None
) -> Compared:
    """Rank for somebody who is not in the data set, as `recommend` does; nothing is published."""
    person = rank_for(settings, rate, taste)
    lists = person.read(person.ranked.lists)
    titled = lists.join(person.items.select(ITEM, TITLE, YEAR, GENRES), on=ITEM, how="left")
    base, reranked = two_lists(titled, settings.top)
    pair = Pair(
        dataset=person.pipeline.dataset.info.name,
        model=settings.method.model,
        scorer=settings.method.scorer,
        reranker=settings.method.reranker,
        base=base,
        reranked=reranked,
    )
    return Compared(pair=pair, degraded=person.ranked.degraded)
