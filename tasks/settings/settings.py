"""The settings of a night: composed of what each component can be told."""

import json

from pydantic import model_validator

from tasks.core.errors import SettingsError
from tasks.core.homes import url_of
from tasks.core.secrets import NOT_SHARED, Secrets
from tasks.llm.options import EngineOptions, LlmOptions
from tasks.settings.common import CommonOptions
from tasks.settings.method import Method, check_list_length
from tasks.settings.night import NightOptions


class Settings(CommonOptions):
    """Everything that a night reads; `palate nightly`, `recommend` and others take it too.

    `method_name`: the shipped method or the file that the options started from, if any.
    """

    method_name: str = ""
    method: Method = Method()
    night: NightOptions = NightOptions()
    llm: LlmOptions = LlmOptions()

    @model_validator(mode="after")
    def _agree(self) -> "Settings":
        check_list_length(self.method, self.top)
        check_asking(self.method, self.llm)
        if self.method.reranker in {"random", "oracle"}:
            raise ValueError(f"reranker: {self.method.reranker} is for evaluations alone")
        if self.method.scorer == "recorded":
            raise ValueError("scorer: recorded is for evaluations alone")
        if self.asks and not self.llm.llm_model:
            raise ValueError("a language model is to be asked, but llm_model does not say which")
        if self.asks and url_of(self.home) and not Secrets().palate_ledger_url:
            raise ValueError(f"home: {NOT_SHARED}")
        return self

    @property
    def asks(self) -> bool:
        """Whether anything is asked of a language model."""
        method = self.method
        return method.asks_llm or method.profile_writer == "llm" or self.night.explain

    @property
    def users_to_measure(self) -> int | None:
        """How many held-out ratings to look for; None for everybody's."""
        count = self.night.measure_users
        return 0 if count is None and self.method.asks_llm else count

    @property
    def engine(self) -> EngineOptions:
        """What the language model's engine reads."""
        return engine_options(self.llm, self.method)


def check_asking(method: Method, llm: LlmOptions) -> None:
    """Raise ValueError where a language model cannot be asked as is wanted."""
    if "estimate" in llm.llm_show and not method.estimates_ratings:
        raise ValueError(f"llm_show: the estimates of {method.model} are not ratings to show")
    if llm.profile_style == "favourites" and method.writer == "llm":
        raise ValueError(
            "profile_style: favourites has no words for a language model to write; set"
            " profile_writer to composed"
        )


def check_estimable(settings: Settings) -> None:
    """Raise SettingsError where a night would ask no language model anything."""
    if not settings.llm.llm_model or not (settings.asks or settings.method.writer == "llm"):
        raise SettingsError(
            "There is nothing to estimate: no language model is asked.",
            "Give --scorer llm (or llm-batch) or --explain, and --llm-model.",
        )


def engine_options(llm: LlmOptions, method: Method) -> EngineOptions:
    """The same options, and whether requests are collected into batches."""
    return EngineOptions(**dict(llm), in_batches=method.scorer == "llm-batch")


PARTS = ("method", "night", "llm", "replay")
"""Fields of composed settings that hold options."""


def flat_options(settings: CommonOptions) -> dict[str, object]:
    """Every option of composed settings by its own name, ready for JSON.

    `method` is the name of the one that they started from.
    """
    flat: dict[str, object] = {}
    for name, value in settings.model_dump(mode="json").items():
        own = {"method" if name == "method_name" else name: value}
        flat |= value if name in PARTS else own
    return flat


def settings_json(settings: CommonOptions) -> str:
    """The same as one JSON object, as the run record keeps it."""
    return json.dumps(flat_options(settings))
