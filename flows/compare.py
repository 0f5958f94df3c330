"""Both lists of one new person, to be compared blindly."""

from flows.recommend import PersonAsks, rank_for
from tasks.core.vocabulary import GENRES, ITEM, TITLE, YEAR
from tasks.report.blind.pair import Pair, two_lists
from tasks.settings.settings import Settings


def compare(settings: Settings, question: PersonAsks) -> Pair:
    """Rank for somebody who is not in the data set, as `recommend` does; nothing is published."""
    person = rank_for(settings, question)
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
