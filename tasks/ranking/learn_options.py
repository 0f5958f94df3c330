"""The settings of the learned re-ranker."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.core.vocabulary import ProtocolName, TargetName


class LearnOptions(BaseModel):
    """What the `learned` re-ranker is fitted on, and what it reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    without: tuple[str, ...] = Field(
        (),
        description="Features, or groups of them, that the `learned` re-ranker leaves out:"
        " collaborative, popularity, dates, metadata, language, external.",
    )
    learn_splits: int = Field(
        2,
        ge=1,
        le=20,
        description="Inner splits of train that `learned` is fitted on, and `tune` chooses on.",
    )
    learn_users: int = Field(3000, ge=1, description="Users of each inner split, at most.")
    learn_trees: bool = Field(
        False,
        description="Blend boosted trees into the `learned` re-ranker (palate[trees]); they stop"
        " growing by the last inner split, so there must be two.",
    )
    learn_scores: bool = Field(
        False,
        description="Let `learned` read the scorer's similarity of every candidate, of inner splits"
        " too: a language model is then asked 1 + learn_splits times as much.",
    )
    learn_new_items: bool = Field(
        False,
        description="Let items that nobody has rated compete for places, judged by what is learned"
        " from hiding the ratings of other items.",
    )
    learn_target: TargetName = Field(
        "rated",
        description="What counts as a hit in inner splits: every held-out rating, or `liked` ones.",
    )
    learn_protocol: ProtocolName = Field(
        "split", description="How inner splits hold ratings out; an evaluation uses its own."
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

    @property
    def learns_scores(self) -> bool:
        """Whether the `learned` re-ranker reads the scorer's similarities: they are language."""
        return self.learn_scores and "language" not in self.without
