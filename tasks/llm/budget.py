"""Prices of tokens, and what a command may spend of them.

Checked before each send with the worst case, settled afterwards. Money is counted in whole
billionths of a dollar.
"""

import re
import threading
import tomllib
from collections import Counter
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Decimal
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.core.errors import LimitReachedError, SettingsError
from tasks.llm.options import LlmOptions
from tasks.llm.requests import ChatRequest, Usage

NANO = 1_000_000_000
MILLION = 1_000_000
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(BaseModel):
    """US dollars per million tokens; `cached` is for prompt tokens found in the server's cache."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Decimal = Field(ge=0)
    cached: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)

    def nano_dollars(self, usage: Usage, share: Decimal = Decimal(1)) -> int:
        """Cost in billionths of a dollar, rounded up; `share` is the discount for batches."""
        cached = min(usage.cached, usage.prompt)
        per_million = (
            (usage.prompt - cached) * self.input + cached * self.cached + usage.answer * self.output
        )
        exact = per_million * share * NANO / MILLION
        return int(exact.to_integral_value(ROUND_CEILING))


class Prices(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_discount: Decimal = Field(Decimal(1), ge=0, le=1)
    models: dict[str, Price]

    def of(self, model: str) -> Price | None:
        """The price of a model or of a dated version of it; None if it is not known."""
        return self.models.get(model) or self.models.get(_DATED.sub("", model))


def read_prices(file: Path | None) -> Prices:
    """The given file, or the one that ships. Raises SettingsError when it cannot be understood."""
    shipped = files(__package__).joinpath("prices.toml")
    try:
        text = (file or shipped).read_text(encoding="utf-8")
        return Prices.model_validate(tomllib.loads(text, parse_float=Decimal))
    except OSError as error:
        problem = str(error.strerror)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = str(error)
    except ValidationError as error:
        first = error.errors()[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise SettingsError(
        f"{file}: the prices cannot be read ({problem}).",
        'Write [models."NAME"] with input, cached and output, in US dollars per million tokens.',
    )


@dataclass
class Totals:
    """What was used since the command began; `sends` counts repeated ones too."""

    requests: int = 0
    sends: int = 0
    pairs: int = 0
    prompt: int = 0
    cached: int = 0
    answer: int = 0
    nano_dollars: int = 0
    perhaps_billed: int = 0


@dataclass(frozen=True)
class Reserved:
    """The most that one send can use."""

    tokens: int
    nano_dollars: int


NOTHING_HELD = Reserved(0, 0)


class Budget:
    """Limits and totals.

    Whatever is in flight counts with its worst case, so no limit is passed by more than the
    server's count of a prompt exceeds ours.
    """

    def __init__(self, options: LlmOptions) -> None:
        prices: Prices = read_prices(options.llm_prices)
        self.price: Price | None = prices.of(options.llm_model or "")
        self.batch_share: Decimal = prices.batch_discount
        self.totals = Totals()
        self._options = options
        self._tokens_held = self._nano_held = 0
        self._reported: Counter[str] = Counter()
        self._reporting = threading.Lock()
        if options.max_cost is not None and self.price is None:
            raise SettingsError(
                f"max_cost: the price of '{options.llm_model}' is not known.",
                "Add it to a copy of tasks/llm/prices.toml and give that with --llm-prices.",
            )

    def reserve(self, request: ChatRequest, share: Decimal = Decimal(1)) -> Reserved:
        """Hold what a send can use at most. Raises LimitReachedError when that passes a limit."""
        answer = request.answer_tokens + self._options.llm_extra_answer_tokens
        usage = Usage(prompt=request.tokens_expected, answer=answer)
        held = Reserved(usage.prompt + usage.answer, self._cost(usage, share) or 0)
        used = self.totals
        tokens = used.prompt + used.answer + self._tokens_held + held.tokens
        nano = used.nano_dollars + self._nano_held + held.nano_dollars
        refuse_over_limits(self._options, used.sends + 1, tokens, nano)
        self.totals.sends += 1
        self._tokens_held += held.tokens
        self._nano_held += held.nano_dollars
        return held

    def release(self, held: Reserved, *, perhaps_billed: bool) -> None:
        """A send failed: it cost nothing, or, where that is not known, what it could at most."""
        self._tokens_held -= held.tokens
        self._nano_held -= held.nano_dollars
        if perhaps_billed:
            self.totals.perhaps_billed += 1
            self.totals.prompt += held.tokens
            self.totals.nano_dollars += held.nano_dollars

    def settle(
        self, held: Reserved, pairs: int, usage: Usage, share: Decimal = Decimal(1)
    ) -> int | None:
        """A send was answered: count what it used. Gives its cost, None without a known price."""
        self.release(held, perhaps_billed=False)
        cost = self._cost(usage, share)
        self.totals.requests += 1
        self.totals.pairs += pairs
        self.totals.prompt += usage.prompt
        self.totals.cached += usage.cached
        self.totals.answer += usage.answer
        self.totals.nano_dollars += cost or 0
        return cost

    def take_back(self, held: Reserved) -> None:
        """A send was not begun after all."""
        self.release(held, perhaps_billed=False)
        self.totals.sends -= 1

    def unreported(self) -> Counter[str]:
        """What was counted since this was called last, by `ledger.tables.COUNTED`."""
        with self._reporting:
            held = {"tokens_held": self._tokens_held, "nano_held": self._nano_held}
            counted = Counter(asdict(self.totals) | held)
            fresh = Counter(counted)
            fresh.subtract(self._reported)
            self._reported = counted
            return fresh

    def take_report_back(self, counts: Counter[str]) -> None:
        """What `unreported` gave could not be reported."""
        with self._reporting:
            self._reported.subtract(counts)

    def _cost(self, usage: Usage, share: Decimal) -> int | None:
        return None if self.price is None else self.price.nano_dollars(usage, share)


def refuse_over_limits(limits: LlmOptions, sends: int, tokens: int, nano_dollars: int) -> None:
    """Raise LimitReachedError when so much, with what is in flight, passes a limit."""
    if limits.max_requests is not None and sends > limits.max_requests:
        raise _reached("--max-requests", f"{limits.max_requests:,} requests")
    if limits.max_tokens is not None and tokens > limits.max_tokens:
        raise _reached("--max-tokens", f"{limits.max_tokens:,} tokens")
    if limits.max_cost is not None and nano_dollars > limits.max_cost * NANO:
        raise _reached("--max-cost", f"${limits.max_cost}")


def _reached(option: str, limit: str) -> LimitReachedError:
    return LimitReachedError(
        f"Stopped before the next request could pass {option}: {limit} per command.",
        "Answers so far are kept: the same command carries on, with the limit counted anew.",
    )
