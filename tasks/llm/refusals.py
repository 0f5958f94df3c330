"""What a server says when it refuses, in whatever shape it says it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST, LONGEST = 8, 4000

FORM = {
    "max_completion_tokens": ("max_completion_tokens",),
    "max_tokens": ("max_tokens",),
    "temperature": ("temperature",),
    "response_format": (
        *("response_format", "response format", "responseformat", "json_schema", "json schema"),
        *("json_object", "json mode", "schema", "grammar", "structured output"),
    ),
    "top_logprobs": ("top_logprobs",),
    "logprobs": ("logprobs",),
    "system": ("system role", "system message", "developer instruction", "role: system"),
}
"""Parts of a request that not every server takes, and how refusals name them."""

_KEY = re.compile(r"api[ _-]?key|unauthori[sz]ed|authentication|invalid.{0,10}token")
_CREDIT = re.compile(
    r"insufficient[ _](?:quota|balance|credit|fund)|credit balance"
    r"|billing_(?:hard_limit|not_active)"
)
_MODEL = re.compile(
    r"model_not_found|model_decommissioned|deploymentnotfound|invalid[ _]model|unknown[ _]model"
    r"|no models? (?:is )?loaded|not a valid model|failed to load model"
    r"|\bmodel\b.{0,80}(?:not found|(?:not|n't) exist|decommissioned|is not available)"
)
_LENGTH = re.compile(
    r"context[ _](?:length|window|size)|exceed_context|maximum context|prompt (?:is )?too long"
    r"|input (?:is )?too long|too many (?:input )?tokens|string_above_max_length"
)
_CONTENT = re.compile(
    r"content[ _]?filter|content[ _](?:management[ _])?policy|moderation|flagged"
    r"|content exists risk"
    r"|data_inspection_failed|safety|prohibited_content|responsibleaipolicy"
)
_MISSED_FORM = re.compile(r"json_validate_failed|failed_generation|failed to generate json")


@dataclass(frozen=True)
class Refusal:
    """A status with all that was said, in lower case: words to look for, never to show."""

    status: int
    words: str

    @property
    def form(self) -> tuple[str, ...]:
        """The parts of a request that it names."""
        return tuple(part for part, names in FORM.items() if any(n in self.words for n in names))

    @property
    def about_key(self) -> bool:
        """The key is missing or wrong."""
        return self.status == 401 or (self.status in {400, 403} and _has(_KEY, self.words))

    @property
    def about_credit(self) -> bool:
        """Nothing is left to pay with."""
        return self.status == 402 or _has(_CREDIT, self.words)

    @property
    def about_model(self) -> bool:
        """There is no such model, or nothing at all at this address."""
        return self.status == 404 or (self.status in {400, 422, 500} and _has(_MODEL, self.words))

    @property
    def about_length(self) -> bool:
        """The prompt is longer than the model reads."""
        return self.status == 413 or (self.status in {400, 422, 500} and _has(_LENGTH, self.words))

    @property
    def about_content(self) -> bool:
        """What is refused is this prompt alone."""
        return _has(_CONTENT, self.words)

    @property
    def missed_form(self) -> bool:
        """The model tried, and did not keep to the form."""
        return _has(_MISSED_FORM, self.words)


def read_refusal(status: int, body: object) -> Refusal:
    """The refusal in a body: an object, a list, a `detail` of fields, or plain text."""
    return Refusal(status, " ".join(_texts(body, DEEPEST)).lower()[:LONGEST])


def _texts(body: object, deep: int) -> Iterator[str]:
    if isinstance(body, str | int):
        yield str(body)
    elif isinstance(body, dict) and deep:
        for key, value in body.items():
            if key in {"input", "ctx", "failed_generation"}:  # what was sent or made, quoted
                yield str(key)
            else:
                yield from _texts(value, deep - 1)
    elif isinstance(body, list | tuple) and deep:
        for value in body:
            yield from _texts(value, deep - 1)


def _has(pattern: re.Pattern[str], words: str) -> bool:
    return pattern.search(words) is not None
