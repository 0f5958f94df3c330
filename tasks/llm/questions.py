"""The questions that a language model is asked: a new one is an entry here and a prompt file.

A used prompt file is never edited: its name and the hash of its text are part of the key under
which answers are kept. A new wording is a new file.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any, Generic, Literal

from tasks.llm.answers import (
    ParsedAnswer,
    V,
    read_marks,
    read_scores,
    read_sentences,
    read_text,
)
from tasks.llm.options import LlmOptions, ShownPart, Way
from tasks.llm.probabilities import MARKS, expected_marks, to_score
from tasks.llm.rendering import clean
from tasks.llm.requests import ChatRequest, Reply, Subject

Kind = Literal[
    "score", "mark", "rate", "profile", "describe", "judge", "choose", "explain", "wish", "way"
]
"""A question's name in the ledger; `mark` and `rate` ask for scores by probabilities, `explain` for
sentences that say why, `way` whether the server gives probabilities."""

STEPS = [round(-1.0 + 0.1 * step, 1) for step in range(21)]
"""The scores that may be given: an enum, because llama.cpp's grammars do not bound numbers."""

LONGEST_TEXT = 240
"""Characters, about 60 tokens of English: PAPER.md's limit for a profile."""

TOKENS_AROUND = 40
"""What an answer may have beside what it says of the items."""

VERDICTS = ("yes", "no")

RATED_PARTS = ("year", "genres")
"""What is shown of an item beside a person's own ratings, which are shown in the same form."""

Kept = Literal["scores", "texts"]
"""The table of the ledger that answers stand in: under person and item, or what they are about."""

Context = Mapping[str, Any]

AskTexts = Callable[[Kind, Sequence[str]], list[str | None]]
"""Puts a question about each of several blocks; None where the model gave no valid text."""


@dataclass(frozen=True)
class Question(Generic[V]):
    """How one kind of thing is asked for, and how its answer is read and kept.

    `prompt`: the file of its instructions. `schema`: JSON schema of an answer, given the keys of
    the items, or the words allowed. `read`: the values of an answer by what the ledger keeps them
    under, given the reply and the context of its request. `probabilities`: it is read from those
    of its tokens. `room`: tokens that an answer may have
    per item (or for its one text), as small models are generous with blanks; `expected`: what it
    takes. `shows`: the parts of an item that are shown, where items are. `tag`: what the block is
    delimited with by who has no person to show, and `words`: the only valid texts.
    """

    kind: Kind
    prompt: str
    schema: Callable[[Sequence[str] | None], dict[str, Any]]
    read: Callable[[Reply, Context], ParsedAnswer[V]]
    keeps: Kept
    room: int
    expected: int
    shows: Callable[[LlmOptions], Sequence[ShownPart]] | None = None
    tag: str = ""
    words: tuple[str, ...] | None = None
    probabilities: bool = False

    @property
    def version(self) -> str:
        """The prompt file's name with a hash of its text."""
        return f"{self.prompt}-{hashlib.sha256(self.instructions.encode()).hexdigest()[:8]}"

    @property
    def instructions(self) -> str:
        """The text of the prompt file."""
        return instructions(self.prompt)

    def judge(self, options: LlmOptions) -> str:
        """Whose answer it is: model, prompt version, decoding and, of items, the parts shown."""
        parts = [options.llm_model or "", self.version, "t0"]
        if self.shows is not None:
            parts.append("+".join(sorted(self.shows(options))) or "title")
        return " ".join(parts)

    def request(
        self,
        judge: str,
        user: str,
        context: Context,
        names: Sequence[str] | None,
        pairs: int,
        attempt: int,
    ) -> ChatRequest:
        """The request that shows `user`; `names` as for `schema`."""
        return ChatRequest(
            kind=self.kind,
            judge=judge,
            pairs=pairs,
            context=context,
            system=self.instructions,
            user=user,
            schema=self.schema(names),
            answer_tokens=self.room * max(pairs, 1) + TOKENS_AROUND,
            attempt=attempt,
            probabilities=self.probabilities,
        )


@cache
def instructions(prompt: str) -> str:
    """The text of a prompt file."""
    return files(__package__).joinpath("prompts", f"{prompt}.md").read_text(encoding="utf-8")


def read_reply(subject: Subject, reply: Reply) -> ParsedAnswer[Any]:
    """The values that a reply holds, by what the ledger keeps them under; none of what is gone."""
    question = QUESTIONS.get(subject.kind)
    if question is None or reply.outcome != "answered":
        return ParsedAnswer({})
    return question.read(reply, subject.context)


def sentence_parts(options: LlmOptions) -> tuple[ShownPart, ...]:
    """What is shown of an item to say why it is listed; how popular it is stands in words.

    Estimates change at every refit, and every sentence would with them.
    """
    return tuple(part for part in options.llm_show if part not in {"popularity", "estimate"})


def _all_parts(options: LlmOptions) -> Sequence[ShownPart]:
    return options.llm_show


def _object_schema(properties: Mapping[str, object]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _item_schema(
    kind: Kind, of_item: Mapping[str, Any], keys: Sequence[str] | None
) -> dict[str, Any]:
    """The same for all requests of a size, so that servers can keep it."""
    items = {key: {"$ref": f"#/$defs/{kind}"} for key in keys or ()}
    return _object_schema({"check": {"type": "number"}, **items}) | {"$defs": {kind: of_item}}


def _text_schema(allowed: Sequence[str] | None) -> dict[str, Any]:
    word: dict[str, object] = {"type": "string"}
    if allowed is not None:
        word["enum"] = list(allowed)
    return _object_schema({"text": word})


def _rated_parts(options: LlmOptions) -> Sequence[ShownPart]:
    return tuple(part for part in options.llm_show if part in RATED_PARTS)


def _read_scores(reply: Reply, context: Context) -> ParsedAnswer[float]:
    return read_scores(reply.text, context["items"], context["check"]).renamed(context["items"])


def _read_expected(reply: Reply, context: Context) -> ParsedAnswer[float]:
    """The expected marks as scores; a mark without probabilities of its token counts for none."""
    read = read_marks(reply.text, context["items"], context["check"])
    means = expected_marks(reply.text, reply.tokens, read.values)
    scores = {key: to_score(mean) for key, mean in means.items()}
    return ParsedAnswer(scores, read.canary).renamed(context["items"])


def _read_way(reply: Reply, context: Context) -> ParsedAnswer[str]:
    """Whether every mark of a trial question can be read by probabilities; nothing of no marks."""
    written = read_marks(reply.text, context["items"], context["check"]).values
    if len(written) < len(context["items"]):
        return ParsedAnswer({})
    means = expected_marks(reply.text, reply.tokens, written)
    way: Way = "probability" if len(means) == len(written) else "numbers"
    return ParsedAnswer({context["about"]: way})


def _read_sentences(reply: Reply, context: Context) -> ParsedAnswer[str]:
    return read_sentences(reply.text, context["titles"], context["check"]).renamed(context["items"])


def _read_text(reply: Reply, context: Context) -> ParsedAnswer[str]:
    """One line, capped, or an allowed word as it is."""
    allowed = context["allowed"]
    value = read_text(reply.text, allowed)
    if value and not allowed:
        value = clean(value, LONGEST_TEXT)
    return ParsedAnswer({context["about"]: value} if value else {})


_text = partial(
    Question[str], schema=_text_schema, read=_read_text, keeps="texts", room=50, expected=50
)

SCORE = Question[float](
    kind="score",
    prompt="score-1",
    schema=partial(_item_schema, "score", {"type": "number", "enum": STEPS}),
    read=_read_scores,
    keeps="scores",
    room=16,
    expected=7,
    shows=_all_parts,
)
_marked = partial(
    Question[float],
    schema=partial(_item_schema, "mark", {"type": "integer", "enum": list(MARKS)}),
    read=_read_expected,
    keeps="scores",
    room=16,
    expected=6,
    probabilities=True,
)
MARK = _marked(kind="mark", prompt="mark-1", shows=_all_parts)
RATE = _marked(kind="rate", prompt="rate-1", shows=_rated_parts)
SCORING: Mapping[Way, Question[float]] = {"numbers": SCORE, "probability": MARK, "ratings": RATE}
"""The question that asks for scores, by the way of asking."""

WAY = Question[str](
    kind="way",
    prompt="mark-1",
    schema=MARK.schema,
    read=_read_way,
    keeps="texts",
    room=16,
    expected=6,
    probabilities=True,
)
WHY = Question[str](
    kind="explain",
    prompt="explain-1",
    schema=partial(
        _item_schema,
        "explain",
        _object_schema({"title": {"type": "string"}, "why": {"type": "string"}}),
    ),
    read=_read_sentences,
    keeps="texts",
    room=110,
    expected=55,
    shows=sentence_parts,
)
PROFILE = _text(kind="profile", prompt="profile-1")
DESCRIBE = _text(kind="describe", prompt="describe-1", tag="item")
JUDGE = _text(kind="judge", prompt="judge-1", tag="pair", words=VERDICTS)
CHOOSE = _text(kind="choose", prompt="choose-1", tag="question")
WISH = _text(kind="wish", prompt="wish-1", tag="wish")

_ALL: tuple[Question[Any], ...] = (
    *SCORING.values(),
    *(WAY, WHY, PROFILE, DESCRIBE, JUDGE, CHOOSE, WISH),
)
QUESTIONS: Mapping[str, Question[Any]] = {question.kind: question for question in _ALL}


def scoring(options: LlmOptions) -> Question[float]:
    """The question that asks for scores, as these options say; in numbers where they do not."""
    return SCORING[options.llm_ask or "numbers"]
