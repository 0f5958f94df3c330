"""A language model's sentence about each published item, where it is wanted and can be had."""

from rich.markup import escape

from flows.lacking import lacking
from flows.pipeline import Pipeline
from flows.similarity import Prepared, prepare, with_tastes
from tasks.core.artifacts import read_table
from tasks.core.errors import LedgerError, LlmError, PalateError, StoppedError
from tasks.core.progress import say
from tasks.core.vocabulary import Artifact, Record
from tasks.texts.sentences.stages import listed_count_stage, whys_stage, write_whys


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
    prepared: Prepared | None = None
    try:
        prepared = with_tastes(pipeline, prepare(pipeline))
        made = _whys(pipeline, lists, prepared)
        return Sentences(whys=made, note=_lacking(pipeline, lists, made), asked=True)
    except StoppedError:
        raise
    except (LlmError, LedgerError) as error:
        say(f"    [red]not every item has a sentence:[/] {escape(error.what)}")
        whys = _kept(pipeline, lists, prepared) if prepared else None
        note = f"Not every item has a sentence: {error.what}"
        return Sentences(whys=whys, note=note, asked=whys is not None)


def _whys(pipeline: Pipeline, lists: Artifact, prepared: Prepared) -> Artifact:
    people = prepared.profiles.rows
    return pipeline.steps.chunks(
        whys_stage,
        people,
        pipeline.chunk_for_asking(people),
        options=pipeline.engine,
        lists=lists,
        profiles=prepared.profiles,
        texts=prepared.texts,
        top=pipeline.top,
        again=pipeline.again,
    )


def _lacking(pipeline: Pipeline, lists: Artifact, whys: Artifact) -> str | None:
    """What is missing of the sentences, where that is more than the limit."""
    listed = pipeline.steps.run(listed_count_stage, lists=lists, top=pipeline.top)
    return lacking(pipeline, "listed items", "sentence", listed - whys.rows, listed)


def _kept(pipeline: Pipeline, lists: Artifact, prepared: Prepared) -> Artifact | None:
    """What the ledger has; None where it cannot be read either."""
    home, engine, texts = pipeline.steps.home, pipeline.engine, prepared.texts
    try:
        people = read_table(home, prepared.profiles)
        return write_whys(home, engine, lists, people, texts, pipeline.top, only_known=True)
    except StoppedError:
        raise
    except PalateError:
        return None
