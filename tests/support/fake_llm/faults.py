"""The faults a test can script: what goes wrong, for which requests, how often.

Every constructor takes, besides its own parameters, `times` (how many requests it hits; without
it, for ever), `contains` (only prompts with this text) and `after` (let the first n matching
requests pass).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict, Unpack


@dataclass(frozen=True)
class Fault:
    """One scripted fault, as it travels to the server in JSON."""

    kind: str
    times: int | None = None
    contains: str = ""
    after: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Scope(TypedDict, total=False):
    """Which requests a fault hits."""

    times: int | None
    contains: str
    after: int


class Plain(Protocol):
    """A constructor without parameters of its own."""

    def __call__(self, **scope: Unpack[Scope]) -> Fault: ...


def _plain(kind: str) -> Plain:
    def make(**scope: Unpack[Scope]) -> Fault:
        return Fault(kind, **scope)

    return make


# Refusals: the model never runs.


def status(
    code: int,
    message: str = "",
    headers: Mapping[str, str] | None = None,
    code_name: str | None = None,
    **scope: Unpack[Scope],
) -> Fault:
    """Any HTTP status, with OpenAI's error body."""
    parameters = {
        "code": code,
        "message": message,
        "headers": dict(headers or {}),
        "code_name": code_name,
    }
    return Fault("status", parameters=parameters, **scope)


def rate_limited(retry_after: str | None = None, **scope: Unpack[Scope]) -> Fault:
    """429, to be tried again later."""
    return Fault("rate_limited", parameters={"retry_after": retry_after}, **scope)


quota = _plain("quota")
"""429 that no waiting cures: insufficient_quota."""
bad_key = _plain("bad_key")
unknown_model = _plain("unknown_model")
context_too_long = _plain("context_too_long")
refuse_schema = _plain("refuse_schema")
"""400 for a request with response_format json_schema; does not match any other."""
html = _plain("html")
"""200 with a web page, as a captive portal or a proxy answers."""

# The transport: the model runs, its answer arrives late, broken or never.

hang = _plain("hang")
reset = _plain("reset")
"""The connection ends with RST."""
close = _plain("close")
cut = _plain("cut")
"""The connection ends in the middle of the body that Content-Length announced."""


def drip(seconds: float = 0.3, **scope: Unpack[Scope]) -> Fault:
    """Headers, then one byte of the body after the other at this interval."""
    return Fault("drip", parameters={"seconds": seconds}, **scope)


def slow(seconds: float, **scope: Unpack[Scope]) -> Fault:
    """The right answer, this much later than the server's latency."""
    return Fault("slow", parameters={"seconds": seconds}, **scope)


# The answer: everything arrives, but it is not what was asked for.

cut_json = _plain("cut_json")
"""The body ends in the middle of its JSON, with the Content-Length to match."""
empty_choices = _plain("empty_choices")
length = _plain("length")
"""finish_reason length, half of the content."""
refusal = _plain("refusal")
content_filter = _plain("content_filter")
malformed = _plain("malformed")
"""The content is prose, not JSON."""
fenced = _plain("fenced")
"""The right JSON in a Markdown fence, with chatter around it."""
wrong_keys = _plain("wrong_keys")
doubled = _plain("doubled")
"""The first key appears twice, with different values."""
invented = _plain("invented")
"""A key too many."""
wrong_check = _plain("wrong_check")


def missing(count: int = 1, **scope: Unpack[Scope]) -> Fault:
    """The last `count` keys are left out."""
    return Fault("missing", parameters={"count": count}, **scope)


def bad_score(value: str, **scope: Unpack[Scope]) -> Fault:
    """The first key's value is this raw JSON text: `7`, `null`, `NaN`, `"0.8/1"`."""
    return Fault("bad_score", parameters={"value": value}, **scope)


def raw(content: str, **scope: Unpack[Scope]) -> Fault:
    """This content, verbatim."""
    return Fault("raw", parameters={"content": content}, **scope)


obedient = _plain("obedient")
"""A gullible model, beside all other faults: an item that says "ignore the above" gets its way."""

# Batches: `times` and `after` count batches, `contains` looks at the input file.

batch_failed = _plain("batch_failed")


def batch_partial(share: float, **scope: Unpack[Scope]) -> Fault:
    """Completed, but only this share is answered; the others are in the error file."""
    return Fault("batch_partial", parameters={"share": share}, **scope)


def batch_expired(share: float, **scope: Unpack[Scope]) -> Fault:
    """The window passed when only this share was answered."""
    return Fault("batch_expired", parameters={"share": share}, **scope)


def batch_reordered(seed: int, **scope: Unpack[Scope]) -> Fault:
    """Another order of the results; without this fault they are shuffled with seed 0."""
    return Fault("batch_reordered", parameters={"seed": seed}, **scope)
