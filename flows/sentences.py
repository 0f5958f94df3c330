"""A language model's sentence about each published item, where it is wanted and can be had."""

from rich.markup import escape

from flows.pipeline import Pipeline
from flows.records import Prepared
from tasks.core.errors import LedgerError, LlmError, PalateError, StoppedError
from tasks.core.progress import say
from tasks.core.vocabulary import Artifact, Record
from tasks.llm.questions import WHY
from tasks.texts.sentences.stages import gather_whys_task, known_whys, whys_task


class Sentences(Record):
    """The sentences (user, item, why), if any; in `note` why some or all are missing.

    `asked`: whether the ledger holds requests of it.
    """

    whys: Artifact | None = None
    note: str | None = None
    asked: bool = False


def write_sentences(pipeline: Pipeline, lists: Artifact) -> Sentences:
    """Sentences about the first `top` items (by rank) of the pipeline's users, with --explain.

    Whatever keeps the model from being asked is no more than a note: the lists are there. What is
    known by then is given; the next night carries on.
    """
    settings = pipeline.settings
    if not settings.explain:
        return Sentences()
    prepared: Prepared | None = None
    try:
        prepared = pipeline.with_tastes(pipeline.prepare())
        return Sentences(whys=_whys(pipeline, lists, prepared), asked=True)
    except StoppedError:
        raise
    except (LlmError, LedgerError) as error:
        say(f"    [red]not every item has a sentence:[/] {escape(error.what)}")
        whys = _known(pipeline, lists, prepared) if prepared else None
        note = f"Not every item has a sentence: {error.what}"
        return Sentences(whys=whys, note=note, asked=whys is not None)


def _whys(pipeline: Pipeline, lists: Artifact, prepared: Prepared) -> Artifact:
    settings = pipeline.settings
    shared = {
        "options": settings.llm,
        "judge": WHY.judge(settings.llm),
        "lists": lists,
        "profiles": prepared.profiles,
        "texts": prepared.texts,
        "top": settings.top,
    }
    people = prepared.profiles.rows
    return pipeline.in_chunks(whys_task, gather_whys_task, people, shared, asking=True)


def _known(pipeline: Pipeline, lists: Artifact, prepared: Prepared) -> Artifact | None:
    """What the ledger has; None where it cannot be read either."""
    settings = pipeline.settings
    given = lists, prepared.profiles, prepared.texts, settings.top
    try:
        return known_whys(settings.home, settings.llm, *given)
    except StoppedError:
        raise
    except PalateError:
        return None
