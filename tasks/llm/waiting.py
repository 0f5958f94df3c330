"""How long a server asks to wait, in the headers of its refusal or in its body."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 86_400.0
DEEPEST = 6

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SPAN = re.compile(rf"(?:{_PART.pattern})+")
_A_MOMENT, _IN_MILLISECONDS = 1e9, 1e11
"""From here on a number is a moment since 1970, in seconds or in thousandths."""


def seconds_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `now` (since 1970, UTC) by the most exact header there is; None without one.

    `retry-after-ms`, `retry-after` (seconds or a date), then `x-ratelimit-reset-*`: of the limits
    with nothing remaining the latest, else the nearest reset.
    """
    thousandths = _number(headers.get("retry-after-ms", ""))
    told = thousandths / 1000 if thousandths is not None else None
    if told is None:
        told = _number(headers.get("retry-after", ""))
    if told is None:
        told = _seconds(headers.get("retry-after", ""), now)
    if told is None:
        told = _reset(headers, now)
    return min(told, LONGEST_WAIT) if told is not None and told > 0 else None


def delay_in(body: object, deep: int = DEEPEST) -> float | None:
    """Seconds to wait by an error's body, None where it names none: the longest of several.

    As in {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.2s"}, which may
    lie anywhere in it.
    """
    told: list[float | None] = []
    if isinstance(body, dict) and deep:
        delay = body.get("retryDelay")
        told = [_span(delay)] if isinstance(delay, str) else []
        told += [delay_in(value, deep - 1) for value in body.values()]
    elif isinstance(body, list) and deep:
        told = [delay_in(value, deep - 1) for value in body]
    return max((min(one, LONGEST_WAIT) for one in told if one), default=None)


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    resets: list[float] = []
    used_up: list[float] = []
    for name, value in headers.items():
        if not name.lower().startswith("x-ratelimit-reset"):
            continue
        seconds = _seconds(value, now)
        if seconds is not None and seconds > 0:
            left = headers.get(name.lower().replace("reset", "remaining"), "")
            (used_up if left.strip() == "0" else resets).append(seconds)
    return max(used_up) if used_up else min(resets, default=None)


def _seconds(text: str, now: float) -> float | None:
    """Of "2", "1m30s", "120ms", a moment since 1970 or an HTTP date."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        if number >= _IN_MILLISECONDS:
            return number / 1000 - now
        return number - now if number >= _A_MOMENT else number
    if (span := _span(text)) is not None:
        return span
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (utc - datetime.fromtimestamp(now, UTC)).total_seconds()


def _span(text: str) -> float | None:
    """Seconds of a span such as "1m30s"; None where it is none."""
    if not _SPAN.fullmatch(text):
        return None
    return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) or number < 0 else number
