"""Every setting, once: the same model stands behind the CLI, the environment and TOML files."""

import math
import os
from pathlib import Path
from typing import Any, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableSettingError

from tasks.core.errors import SettingsError
from tasks.core.homes import Home, url_of
from tasks.core.secrets import NOT_SHARED, Secrets
from tasks.core.vocabulary import (
    ModelName,
    ProfileWriter,
    ProtocolName,
    RerankerName,
    ScorerName,
)
from tasks.llm.options import EngineOptions, LlmOptions
from tasks.models.options import CHOICES, ModelOptions
from tasks.ranking.learn_options import LearnOptions
from tasks.settings.night import NightOptions
from tasks.settings.runner_name import RunnerName
from tasks.settings.toml_source import TomlSource

CHUNK, CHUNK_ASKING = 5000, 100
"""Users per task that takes seconds: where this machine computes, and where a model is asked."""

DEFAULT_SEARCH_COUNT = 100
"""The paper's C for N = 1, 5 and 10."""

ESTIMATES_RATINGS: frozenset[ModelName] = frozenset({"svd", "svdpp", "svdpp-fast"})
"""Base models whose estimate is a rating on the data set's scale; others give a bare score."""


class Weights(BaseModel):
    """How much each z-scored signal counts in the `weighted` and `rrf` re-rankers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    estimate: float = Field(1.0, ge=0, description="Base model's estimated rating.")
    similarity: float = Field(1.0, ge=0, description="Scorer's similarity of item and profile.")
    popularity: float = Field(1.0, ge=0, description="Log of the item's train rating count.")
    date_affinity: float = Field(1.0, ge=0, description="Item's year against the user's years.")
    external_quality: float = Field(
        0.0, ge=0, description="Catalogue's quality (IMDb rating): collected after every split."
    )
    external_votes: float = Field(
        0.0, ge=0, description="Log of the catalogue's votes (IMDb): collected after every split."
    )


class Settings(LlmOptions, LearnOptions, NightOptions, BaseSettings):
    """Options of a run: given ones beat PALATE_NAME, that beats the TOML file, that the default."""

    model_config = SettingsConfigDict(
        env_prefix="PALATE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    data: str = Field("movielens", description="Data set: a name (`palate datasets`) or a folder.")
    home: Home = Field(
        Path(".palate"),
        description="Folder for all state; or s3://BUCKET/PREFIX, which machines share.",
    )
    config: Path | None = Field(None, description="TOML file with any of these settings.")
    model: ModelName = Field("svd", description="Base model.")
    model_options: ModelOptions = Field(ModelOptions(), description="Of the base models.")
    tune: tuple[str, ...] = Field(
        (),
        description="Options of the base models to choose on inner splits of train, each in turn:"
        f" {', '.join(CHOICES)}.",
    )
    scorer: ScorerName = Field("embedded", description="What judges how an item fits a profile.")
    reranker: RerankerName = Field("weighted", description="How the candidates are ordered anew.")
    weights: Weights = Field(Weights(), description="Weights of `weighted` and `rrf`.")
    min_similarity: float = Field(
        0.0, ge=-1, le=1, description="Below this the `filter` re-ranker moves an item to the end."
    )
    diversity: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How much the head of a re-ranked list is spread out: 0 not at all, 1 whatever"
        " the order was.",
    )
    search_count: int | None = Field(
        None, ge=1, description="Candidates per user, C; 100 unless set (or top, if larger)."
    )
    sources: dict[str, NonNegativeInt] = Field(
        {},
        description="Candidates per user of each base model, joined: sources.ease=200; 0 makes it"
        " a feature only. The base model's own search_count unless set.",
    )
    tuning: float | None = Field(
        None, gt=0, le=1, description="The paper's T: C = top x T x 10^M; needs --depth."
    )
    depth: int | None = Field(None, ge=0, le=6, description="The paper's search depth M.")
    top: int = Field(10, ge=1, description="Length of each recommended list, N.")
    limit_users: int | None = Field(
        None, ge=1, description="Serve a seeded sample of this many users; all train the model."
    )
    profiles: Path | None = Field(
        None, description="CSV (user,text) of typed tastes, for `nightly`."
    )
    profile_writer: ProfileWriter | None = Field(
        None, description="Who writes the tastes: `llm` unless the scorer is `embedded`."
    )
    measure_users: int | None = Field(
        None,
        ge=0,
        description="Users whose held-out rating is looked for: everybody with `embedded`, nobody"
        " (0) with a scorer that costs money, unless set.",
    )
    chunk_users: int | None = Field(
        None,
        ge=1,
        description="Users per task: 100 where a language model is asked, else 5000, unless set.",
    )
    runner: RunnerName = Field(
        "threads",
        description="Where chunks of users are worked on: `threads` of this command, `dask` (a"
        " process per core), or dask://host:port, a scheduler that runs already.",
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Seed of every random choice.")

    def __init__(self, **given: Any) -> None:  # noqa: ANN401
        try:
            super().__init__(**given)
        except UnreadableSettingError as error:
            raise SettingsError(
                f"{error}.", 'PALATE_WEIGHTS takes JSON, such as {"popularity": 2}.'
            ) from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the TOML file that `config` names behind the options and the environment."""
        named = getattr(init_settings, "init_kwargs", {}).get("config")
        path = named or os.environ.get("PALATE_CONFIG")
        if not path:
            return init_settings, env_settings
        return init_settings, env_settings, TomlSource(settings_cls, Path(path))

    @model_validator(mode="after")
    def _counts_agree(self) -> "Settings":
        if (self.tuning is None) != (self.depth is None):
            raise ValueError("tuning and depth go together: give both, or search_count")
        if self.tuning is not None and self.search_count is not None:
            raise ValueError("give search_count, or tuning and depth, not both")
        if self.candidate_count < self.top:
            raise ValueError(
                f"{self.candidate_count} candidates cannot fill a list of {self.top}: "
                "raise search_count (or tuning, depth, sources), or lower top"
            )
        return self

    @model_validator(mode="after")
    def _models_agree(self) -> "Settings":
        unknown = sorted(set(self.sources) - set(get_args(ModelName)))
        if unknown:
            raise ValueError(f"sources: there is no base model '{unknown[0]}'")
        untried = sorted(set(self.tune) - set(CHOICES))
        if untried:
            raise ValueError(f"tune: it knows {', '.join(CHOICES)}, not '{untried[0]}'")
        if self.sources and not self.sources.get(self.model):
            raise ValueError(
                f"sources: {self.model}, whose list is the base list, must be one of them"
            )
        return self

    @model_validator(mode="after")
    def _asking_agrees(self) -> "Settings":
        if self.reranker == "learned" and self.asks_llm and not self.learn_scores:
            raise ValueError(
                "reranker: learned reads text embeddings, and a language model's scores only with"
                " learn_scores"
            )
        if "estimate" in self.llm_show and self.model not in ESTIMATES_RATINGS:
            raise ValueError(f"llm_show: the estimates of {self.model} are not ratings to show")
        if self.asks and not self.llm_model:
            raise ValueError("a language model is to be asked, but llm_model does not say which")
        if self.asks and url_of(self.home) and not Secrets().palate_ledger_url:
            raise ValueError(f"home: {NOT_SHARED}")
        if self.scorer == "llm-batch" and self.llm_ask == "list":
            raise ValueError(
                "llm_ask: each window of a list waits for the one below, which in"
                " batches may take a day; list needs the scorer llm"
            )
        if self.profile_style == "favourites" and self.writer == "llm":
            raise ValueError(
                "profile_style: favourites has no words for a language model to write; set"
                " profile_writer to composed"
            )
        return self

    @property
    def asks_llm(self) -> bool:
        """Whether scores cost requests."""
        return self.scorer != "embedded"

    def users_per_task(self, *, asking: bool) -> int:
        """The size of a chunk: what a kill can cost, and what one task holds in memory."""
        return self.chunk_users or (CHUNK_ASKING if asking else CHUNK)

    @property
    def asks(self) -> bool:
        """Whether anything is asked of a language model."""
        return self.asks_llm or self.profile_writer == "llm" or self.explain

    @property
    def writer(self) -> ProfileWriter:
        """Who writes the profiles' texts."""
        return self.profile_writer or ("llm" if self.asks_llm else "composed")

    @property
    def users_to_measure(self) -> int | None:
        """How many held-out ratings to look for; None for everybody's."""
        return 0 if self.measure_users is None and self.asks_llm else self.measure_users

    @property
    def llm(self) -> EngineOptions:
        """The part that the language model's engine reads."""
        given = {name: getattr(self, name) for name in LlmOptions.model_fields}
        return EngineOptions(**given, in_batches=self.scorer == "llm-batch")

    @property
    def night(self) -> NightOptions:
        """The part about nights that follow each other."""
        return NightOptions(**{name: getattr(self, name) for name in NightOptions.model_fields})

    @property
    def reorders(self) -> bool:
        """Whether the re-ranked lists are other than the base lists."""
        return self.reranker != "none" or self.diversity > 0

    @property
    def longest(self) -> int:
        """The longest list that anybody looks at."""
        return self.top

    @property
    def candidate_sources(self) -> dict[ModelName, int]:
        """How many candidates each base model proposes; `text` is language, where that is out."""
        named = cast("dict[ModelName, int]", self.sources) or {self.model: self.candidate_count}
        silent = "language" in self.without and self.model != "text"
        return {name: count for name, count in named.items() if not (silent and name == "text")}

    @property
    def inner_protocol(self) -> ProtocolName:
        """How inner splits hold ratings out."""
        return self.learn_protocol

    def judging_new_items(self) -> Self:
        """The same settings, with inner splits that take every rating from some items."""
        return self.model_copy(update={"learn_protocol": "cold-item"})

    @property
    def inner_keep(self) -> int:
        """Train ratings that an inner `cold-user` split leaves a test user."""
        return 3

    @property
    def candidate_count(self) -> int:
        """C: the sources' together, else as given, else N x T x 10^M (PAPER.md, 2), else 100."""
        if self.sources:
            return sum(self.sources.values())
        if self.search_count is not None:
            return self.search_count
        if self.tuning is not None and self.depth is not None:
            return math.ceil(round(self.top * self.tuning * 10.0**self.depth, 6))
        return max(DEFAULT_SEARCH_COUNT, self.top)
