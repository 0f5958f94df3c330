"""What the re-rankers can be told."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.core.vocabulary import PlainProtocolName, TargetName


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


class LearnOptions(BaseModel):
    """What the `learned` re-ranker is fitted on, and what it reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    without: tuple[str, ...] = Field(
        (),
        description="Features, or groups of them, that the `learned` re-ranker leaves out:"
        " collaborative, popularity, dates, metadata, language, external, time.",
    )
    learn_splits: int = Field(
        2,
        ge=1,
        le=20,
        description="Inner splits of train that `learned` is fitted on, and `tune` chooses on.",
    )
    learn_users: int = Field(3000, ge=1, description="Users of each inner split, at most.")
    learn_ratings: int = Field(
        2_000_000,
        ge=1,
        description="Ratings that inner splits are made of, at most: those of a draw of people.",
    )
    learn_windows: int = Field(
        4,
        ge=2,
        le=20,
        description="The newest windows of train, each as long as the horizon, that `learned` is"
        " fitted on in place of `learn_splits`, where it learns on windows.",
    )
    learn_trees: bool = Field(
        False,
        description="Blend boosted trees into the `learned` re-ranker (palate[trees]); they stop"
        " growing by the last inner split, so there must be two.",
    )
    learn_scores: bool = Field(
        False,
        description="Let `learned` read the similarity of every candidate that the scorer"
        " `embedded` gives; a language model judges heads of lists (--llm-head) instead.",
    )
    learn_new_items: bool = Field(
        False,
        description="Let items that nobody has rated compete for places, judged by what is learned"
        " from hiding the ratings of other items.",
    )
    learn_window_users: int = Field(4000, ge=1, description="Users of each such window, at most.")
    learn_target: TargetName = Field(
        "rated",
        description="What counts as a hit in inner splits: every held-out rating, or `liked` ones.",
    )
    learn_protocol: PlainProtocolName | None = Field(
        None,
        description="How inner splits hold ratings out: horizon where ratings have timestamps and"
        " enough people rate in each window, else split, unless set; an evaluation uses its own.",
    )

    @model_validator(mode="after")
    def _enough_splits(self) -> "LearnOptions":
        if self.learn_trees and self.learn_splits < 2:
            raise ValueError("learn_trees: one inner split is to learn from and one to stop by")
        return self

    @property
    def ranks_new_items(self) -> bool:
        """Whether unrated items compete; without language nothing tells them apart."""
        return self.learn_new_items and "language" not in self.without
