"""The settings of everything that asks a language model; no secrets, which are in `secrets`."""

from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasks.core.vocabulary import ProfileStyle

ShownPart = Literal["year", "genres", "description", "rating", "popularity", "tags", "estimate"]

Way = Literal["numbers", "probability", "ratings"]
"""How a score is asked for: as a number in words, as the expected mark by the probabilities of the
answer's tokens, or so beside some of the person's own ratings."""

VARIANTS = ("llm_ask", "llm_show", "profile_style", "llm_head", "llm_sample", "llm_always")
"""Settings that say what is asked; all others say how, and what it may cost."""


class LlmOptions(BaseModel):
    """How the language model is reached, what it is shown, and how much it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    llm_base_url: str | None = Field(
        None, description="OpenAI-compatible server, http://host:port/v1; OpenAI's unless set."
    )
    llm_model: str | None = Field(None, description="Model to ask, as its server names it.")
    llm_show: tuple[ShownPart, ...] = Field(
        ("year", "genres", "description", "rating", "popularity"),
        description="What is shown of an item beside its title. With `estimate`, every refit asks"
        " for every score anew; with `tags`, every new tag.",
    )
    llm_ask: Way | None = Field(
        None,
        description="How scores are asked for. numbers: in words. probability: the expected mark,"
        " by the probabilities of tokens. ratings: the same beside a dozen of the person's own"
        " ratings. Unless set, probability where the server gives them, else numbers.",
    )
    profile_style: ProfileStyle = Field(
        "sentence", description="Tastes as one sentence; favourites: no text, the items speak."
    )
    llm_items: int = Field(25, ge=1, le=99, description="Items judged per request.")
    llm_head: int = Field(
        30,
        ge=2,
        description="Items at the head of each learned list that are judged, two requests a person"
        " with 25 per request.",
    )
    llm_sample: int = Field(
        200,
        ge=20,
        description="People on whose held-out ratings the model's judgement is blended into a"
        " learned list, and as many others on whose it is measured what that adds.",
    )
    llm_always: bool = Field(
        False, description="Judge everybody's head, also where that has not shown to add anything."
    )
    llm_concurrency: int = Field(8, ge=1, description="Requests in flight at once, at most.")
    llm_requests_per_minute: float | None = Field(
        None, gt=0, description="Requests sent per minute."
    )
    llm_tokens_per_minute: float | None = Field(
        None, gt=0, description="Tokens (prompt and answer) per minute."
    )
    llm_deadline: float = Field(
        120.0, gt=0, description="Seconds until an unanswered request is given up and sent again."
    )
    llm_attempts: int = Field(
        6, ge=1, description="Times a request is sent before its items stay without a score."
    )
    llm_patience: float = Field(
        600.0,
        ge=0,
        description="Seconds without any answer until the base lists are published instead.",
    )
    llm_unscored_limit: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of what the model should judge or write that may be missing; beyond it"
        " a night is degraded, and who lacks scores gets the list without the model.",
    )
    llm_batch_poll: float = Field(
        30.0, gt=0, description="Seconds between looks at a batch (`llm-batch`)."
    )
    llm_extra_answer_tokens: int = Field(
        0, ge=0, description="Room for the thinking of a reasoning model, per answer."
    )
    llm_prices: Path | None = Field(
        None, description="TOML file of prices per model, instead of the one that ships."
    )
    max_cost: Decimal | None = Field(None, ge=0, description="US dollars this command may spend.")
    max_requests: int | None = Field(None, ge=0, description="Requests this command may send.")
    max_tokens: int | None = Field(None, ge=0, description="Tokens this command may use.")

    @field_validator("llm_base_url")
    @classmethod
    def _no_secret_inside(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address such as http://127.0.0.1:8080/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("holds more than an address: a key belongs in OPENAI_API_KEY")
        return url.rstrip("/")


class Sharing(BaseModel):
    """Processes that ask for one command, and share its limits; `run` names it in the ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    askers: int = Field(ge=1)


class EngineOptions(LlmOptions):
    """The same, and whether requests are collected into batches (`--scorer llm-batch`).

    `sharing`: with whom the limits are shared, where the command has several processes.
    """

    in_batches: bool = False
    sharing: Sharing | None = None
