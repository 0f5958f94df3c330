"""The settings of an evaluation: the method to measure, the protocol, and the data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.core.errors import SettingsError
from tasks.core.homes import url_of
from tasks.core.protocols import PROTOCOLS, UNDRAWN, described
from tasks.core.secrets import NOT_SHARED, Secrets
from tasks.core.vocabulary import KS, ProtocolName
from tasks.llm.options import EngineOptions, LlmOptions
from tasks.settings.common import CommonOptions
from tasks.settings.method import Method, check_list_length
from tasks.settings.settings import check_asking, engine_options

SEEDS = 10
"""Splits unless something says how many."""


def _enough_seeds(chosen: Mapping[str, Any]) -> int:
    return 1 if chosen.get("protocol") in UNDRAWN else SEEDS


class EvaluationOptions(BaseModel):
    """How ratings are held out, and what may be seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Literal[ProtocolName, "wishes"] = Field(
        "loo",
        description=f"How ratings are held out: {described()}.",
    )
    wishes: Path | None = Field(
        None,
        description="For the protocol wishes: tastes in words and what fits them, a JSON list of"
        ' {"taste": TEXT, "items": [ids]}.',
    )
    held_out: Path | None = Field(
        None,
        description="For the protocol given: the ratings that others held out (user, item, rating);"
        " a path, or a file in the data set's folder.",
    )
    scores: Path | None = Field(
        None,
        description="For the scorer recorded: somebody else's judgements (user, item, and score or"
        " rank); a path, or a file in the data set's folder.",
    )
    scores_model: str | None = Field(
        None, description="Whose judgements --scores are; the file's name unless set."
    )
    seeds: int = Field(
        default_factory=_enough_seeds,
        ge=1,
        le=100,
        description="Splits: of the seeds seed, seed + 1, ...; 10, or 1 where all are alike.",
    )
    keep: int = Field(
        3, ge=0, le=5, description="Train ratings that `cold-user` leaves a test user."
    )
    external: bool | None = Field(
        None,
        description="Whether the catalogue's ratings and votes, collected after every split, are"
        " seen: yes but in `temporal`, `horizon`, `user-temporal`, `cold-item` and `given`, unless"
        " set.",
    )
    allow_leaky: bool = Field(
        False, description="Run --profiles not written from train, labelled leaky everywhere."
    )


class EvaluationSettings(CommonOptions, EvaluationOptions):
    """Everything that `palate evaluate` and each cell of `palate experiment` reads.

    `method_name`: the shipped method or the file that the options started from, if any.
    """

    method_name: str = ""
    method: Method = Method()
    llm: LlmOptions = LlmOptions()

    @model_validator(mode="after")
    def _agree(self) -> "EvaluationSettings":
        check_list_length(self.method, self.top)
        if (self.protocol == "wishes") != (self.wishes is not None):
            raise ValueError("wishes: the file and the protocol wishes go together")
        if (self.protocol == "given") != (self.held_out is not None):
            raise ValueError("held_out: the file and the protocol given go together")
        if (self.method.scorer == "recorded") != (self.scores is not None):
            raise ValueError("scores: the file and the scorer recorded go together")
        check_asking(self.method, self.llm)
        if self.asks and not self.llm.llm_model:
            raise ValueError("a language model is to be asked, but llm_model does not say which")
        if self.asks and url_of(self.home) and not Secrets().palate_ledger_url:
            raise ValueError(f"home: {NOT_SHARED}")
        if self.profiles is not None and not self.allow_leaky:
            raise ValueError(
                "profiles: nobody can say that they were written from train ratings alone, so the"
                " held-out ratings may stand in them; allow_leaky runs them, labelled as such"
            )
        return self

    @property
    def asks(self) -> bool:
        """Whether anything is asked of a language model."""
        return self.method.asks_llm or self.method.profile_writer == "llm"

    @property
    def engine(self) -> EngineOptions:
        """What the language model's engine reads."""
        return engine_options(self.llm, self.method)

    @property
    def each_seed(self) -> range:
        """The seeds, one per split."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def ks(self) -> tuple[int, ...]:
        """List lengths that are measured."""
        return tuple(sorted({*KS, self.top}))

    @property
    def splits_by(self) -> ProtocolName:
        """How ratings are held out. Raises SettingsError where none are: `wishes`."""
        if self.protocol == "wishes":
            raise SettingsError(
                "protocol: wishes holds no ratings out.",
                "Measure it by itself: palate evaluate --protocol wishes --wishes FILE.",
            )
        return self.protocol

    @property
    def protocol_name(self) -> str:
        """The protocol as tables name it; how many ratings are kept is part of `cold-user`."""
        return PROTOCOLS[self.splits_by].label(self.keep)

    @property
    def uses_external(self) -> bool:
        """Whether quality and votes are seen."""
        return (
            not PROTOCOLS[self.splits_by].external_leaks if self.external is None else self.external
        )

    @property
    def candidate_count(self) -> int:
        """Candidates per user."""
        return self.method.candidate_count(self.top)

    @property
    def reranker_label(self) -> str:
        """The re-ranker as tables name it: none only where the base lists stay as they are."""
        method = self.method
        return "diversity" if method.reranker == "none" and method.reorders else method.reranker

    @property
    def estimates_ratings(self) -> bool:
        """Whether the base model's estimates can be compared with ratings."""
        return self.method.estimates_ratings and PROTOCOLS[self.splits_by].estimates_ratings

    @property
    def scorer_label(self) -> str:
        """The scorer as tables name it: none where it does not count, and leaky where it is."""
        method = self.method
        learns = method.reranker == "learned" and "language" not in method.without
        if not (method.reads_similarity or learns):
            return "none"
        names = {"embedded": "", "recorded": f" {self.judge}"}
        model = names.get(method.scorer, f" {self.llm.llm_model}")
        return f"{method.scorer}{model}{' (leaky profiles)' if self.profiles else ''}"

    @property
    def judge(self) -> str:
        """Whose judgements `scores` are."""
        return self.scores_model or (self.scores.stem if self.scores else "")
