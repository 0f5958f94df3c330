"""The settings of an evaluation: those of a night, the protocol, and what is not for a night."""

from typing import Self

from pydantic import Field, model_validator

from tasks.core.protocols import PROTOCOLS, described
from tasks.core.vocabulary import KS, BoundName, ProtocolName, RerankerName
from tasks.settings.run import ESTIMATES_RATINGS, Settings

READ_SIMILARITY = {"llm_only", "filter"}


class EvaluationSettings(Settings):
    """Options of `palate evaluate` and of each cell of `palate experiment`."""

    protocol: ProtocolName = Field("loo", description=f"How ratings are held out: {described()}.")
    seeds: int = Field(
        10, ge=1, le=100, description="Splits: those of the seeds seed, seed + 1, ..."
    )
    keep: int = Field(
        3, ge=0, le=5, description="Train ratings that `cold-user` leaves a test user."
    )
    reranker: RerankerName | BoundName = Field(  # type: ignore[assignment]
        "weighted",
        description="How the candidates are ordered anew; random is the floor, oracle the ceiling.",
    )
    external: bool | None = Field(
        None,
        description="Whether the catalogue's ratings and votes, collected after every split, are"
        " seen: yes but in `temporal` and `cold-item`, unless set.",
    )
    allow_leaky: bool = Field(
        False, description="Run --profiles not written from train, labelled leaky everywhere."
    )

    @model_validator(mode="after")
    def _no_leak_unasked(self) -> "EvaluationSettings":
        if self.profiles is not None and not self.allow_leaky:
            raise ValueError(
                "profiles: nobody can say that they were written from train ratings alone, so the"
                " held-out ratings may stand in them; allow_leaky runs them, labelled as such"
            )
        return self

    @property
    def each_seed(self) -> range:
        """The seeds, one per split."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def ks(self) -> tuple[int, ...]:
        """List lengths that are measured."""
        return tuple(sorted({*KS, self.top}))

    @property
    def longest(self) -> int:
        """The longest list that is measured."""
        return max(self.ks)

    @property
    def protocol_name(self) -> str:
        """The protocol as tables name it; how many ratings are kept is part of `cold-user`."""
        return PROTOCOLS[self.protocol].label(self.keep)

    @property
    def uses_external(self) -> bool:
        """Whether quality and votes are seen."""
        return (
            not PROTOCOLS[self.protocol].external_leaks if self.external is None else self.external
        )

    @property
    def inner_protocol(self) -> ProtocolName:
        """The same as the outer one, or the re-ranker would learn another task."""
        return self.protocol

    def judging_new_items(self) -> Self:
        """The same settings, with inner splits that take every rating from some items."""
        return self.model_copy(update={"protocol": "cold-item"})

    @property
    def inner_keep(self) -> int:
        """As the outer one."""
        return self.keep

    @property
    def reads_similarity(self) -> bool:
        """Whether the order depends on the scorer at all."""
        weighing = self.reranker in {"weighted", "rrf"} and self.weights.similarity > 0
        learning = self.reranker == "learned" and self.learns_scores
        return weighing or learning or self.reranker in READ_SIMILARITY

    @property
    def reranker_label(self) -> str:
        """The re-ranker as tables name it: none only where the base lists stay as they are."""
        return "diversity" if self.reranker == "none" and self.reorders else self.reranker

    @property
    def estimates_ratings(self) -> bool:
        """Whether the base model's estimates can be compared with ratings."""
        return self.model in ESTIMATES_RATINGS and PROTOCOLS[self.protocol].estimates_ratings

    @property
    def scorer_label(self) -> str:
        """The scorer as tables name it: none where it does not count, and leaky where it is."""
        learns = self.reranker == "learned" and "language" not in self.without
        if not (self.reads_similarity or learns):
            return "none"
        shown = "" if self.scorer == "embedded" else f" {self.llm_model}"
        return f"{self.scorer}{shown}{' (leaky profiles)' if self.profiles else ''}"
