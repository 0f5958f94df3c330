"""What decides a list: which models propose candidates, what judges them, how they are ordered."""

import math

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    ValidationError,
    model_validator,
)

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import BoundName, ProfileWriter, RerankerName, ScorerName
from tasks.models.base import OptionValue
from tasks.models.baselines.forward_ridge import CUTS
from tasks.models.options import ModelOptions, choices
from tasks.models.registry import model_class, model_names
from tasks.ranking.options import LearnOptions, Weights

DEFAULT_SEARCH_COUNT = 100
"""The paper's C for N = 1, 5 and 10."""

TOLD_DAYS = "forward_ridge_days"
READ_SIMILARITY = {"llm_only", "filter"}


class Method(LearnOptions):
    """Options that change lists. Beside these only what a language model is asked does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        "svd",
        description="Base model: its list is the base list, and stands in on a bad night. One of"
        f" {', '.join(model_names())}.",
    )
    model_options: ModelOptions = Field(ModelOptions(), description="Of the base models.")
    sources: dict[str, NonNegativeInt] = Field(
        {},
        description="Candidates per user of each base model, joined: sources.ease=200; 0 makes it"
        " a feature only. Whatever says first how many candidates there are decides: with"
        " --search-count the base model proposes alone.",
    )
    forward_sources: dict[str, NonNegativeInt] = Field(
        {},
        description="More sources and other counts where the order is learned on windows of time.",
    )
    forward_without: tuple[str, ...] = Field(
        (), description="Sources that are left out where the order is learned on windows of time."
    )
    forward_model_options: dict[str, OptionValue] = Field(
        {},
        description="Options of base models that are other where the order is learned on windows of"
        " time: ease_half_life = 365.",
    )
    search_count: int | None = Field(
        None,
        ge=1,
        description="Candidates per user, C, of the base model alone, instead of sources; 100 where"
        " there are neither (or top, if larger).",
    )
    tuning: float | None = Field(
        None, gt=0, le=1, description="The paper's T: C = top x T x 10^M; needs --depth."
    )
    depth: int | None = Field(None, ge=0, le=6, description="The paper's search depth M.")
    tune: tuple[str, ...] = Field(
        (),
        description="Options of the base models to choose on inner splits of train, each in turn:"
        f" {', '.join(choices())}.",
    )
    scorer: ScorerName = Field("embedded", description="What judges how an item fits a profile.")
    profile_writer: ProfileWriter | None = Field(
        None,
        description="Who writes the tastes: `composed` with the scorer `embedded` and with the"
        " `learned` re-ranker, else `llm`.",
    )
    reranker: RerankerName | BoundName = Field(
        "weighted",
        description="How the candidates are ordered anew; random (the floor) and oracle (the"
        " ceiling) are for evaluations.",
    )
    weights: Weights = Field(Weights(), description="Weights of `weighted` and `rrf`.")
    min_similarity: float = Field(
        0.0, ge=-1, le=1, description="Below this the `filter` re-ranker moves an item to the end."
    )
    taste_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description="How much typed words weigh, 0 to 1; learned unless set.",
    )
    diversity: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How much the head of a re-ranked list is spread out: 0 not at all, 1 whatever"
        " the order was.",
    )

    @model_validator(mode="after")
    def _counts_agree(self) -> "Method":
        if (self.tuning is None) != (self.depth is None):
            raise ValueError("tuning and depth go together: give both, or search_count")
        counts = "search_count" if self.search_count else "tuning" if self.tuning else None
        if self.search_count is not None and self.tuning is not None:
            raise ValueError("give search_count, or tuning and depth, not both")
        if self.sources and counts:
            raise ValueError(
                f"give {counts}, for the base model alone, or sources, of several, not both"
            )
        return self

    @model_validator(mode="after")
    def _models_agree(self) -> "Method":
        for setting, names in (
            ("model", [self.model]),
            ("sources", sorted(self.sources)),
            ("forward_sources", sorted(self.forward_sources)),
            ("forward_without", sorted(self.forward_without)),
        ):
            for name in names:
                _check_model(setting, name)
        if self.model in self.forward_without:
            raise ValueError(f"forward_without: {self.model}'s list is the base list")
        untried = sorted(set(self.tune) - set(choices()))
        if untried:
            raise ValueError(f"tune: it knows {', '.join(choices())}, not '{untried[0]}'")
        if self.sources and not self.sources.get(self.model):
            raise ValueError(
                f"sources: {self.model}, whose list is the base list, must be one of them:"
                f" set sources.{self.model}, or search_count for {self.model} alone"
            )
        return self

    @model_validator(mode="after")
    def _forward_options_agree(self) -> "Method":
        try:
            self.forward_options()
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise ValueError(f"forward_model_options: {name}: {first['msg']}") from error
        return self

    def forward_options(self, window_days: int | None = None) -> ModelOptions:
        """Those of the base models where the order is learned on windows of time, of these days."""
        options = self.model_options
        for name, value in self.forward_model_options.items():
            options = options.having(name.replace("-", "_"), value)
        if window_days and not getattr(options, TOLD_DAYS):
            options = options.having(TOLD_DAYS, CUTS * window_days)
        return options

    @property
    def asks_llm(self) -> bool:
        """Whether scores cost requests."""
        return self.scorer in {"llm", "llm-batch"}

    @property
    def writer(self) -> ProfileWriter:
        """Who writes the profiles' texts."""
        writes = self.asks_llm and not self.cascades
        return self.profile_writer or ("llm" if writes else "composed")

    @property
    def reorders(self) -> bool:
        """Whether the re-ranked lists are other than the base lists."""
        return self.reranker != "none" or self.diversity > 0

    @property
    def learns_scores(self) -> bool:
        """Whether the `learned` re-ranker reads the scorer's similarities: they are language.

        What somebody else recorded is read: nobody is asked for it.
        """
        embeds = self.learn_scores and self.scorer == "embedded"
        return (embeds or self.scorer == "recorded") and "language" not in self.without

    @property
    def cascades(self) -> bool:
        """Whether the scorer judges heads of learned lists, instead of every candidate."""
        learns = self.reranker == "learned" and "language" not in self.without
        return learns and self.asks_llm

    @property
    def judges(self) -> bool:
        """Whether lists depend on the scorer at all."""
        return self.reads_similarity or self.cascades

    @property
    def reads_similarity(self) -> bool:
        """Whether the order reads the scorer's similarity of every candidate."""
        weighing = self.reranker in {"weighted", "rrf"} and self.weights.similarity > 0
        learning = self.reranker == "learned" and self.learns_scores
        return weighing or learning or self.reranker in READ_SIMILARITY

    @property
    def steers(self) -> bool:
        """Whether typed words have a say beside the order: in rules only where they are told to."""
        return self.reranker == "learned" if self.taste_weight is None else self.taste_weight > 0

    @property
    def estimates_ratings(self) -> bool:
        """Whether the base model's estimates are ratings."""
        return model_class(self.model).estimates_ratings

    def candidate_sources(self, *, forward: bool) -> dict[str, int | None]:
        """How many candidates each base model proposes; None: as many as `candidate_count` says.

        `text` is language, where that is left out. `forward`: with those of time to come.
        """
        named = dict[str, int | None](self.sources) or {self.model: None}
        if forward and self.sources:
            kept = {name: n for name, n in named.items() if name not in self.forward_without}
            named = {**kept, **self.forward_sources}
        silent = "language" in self.without and self.model != "text"
        return {name: count for name, count in named.items() if not (silent and name == "text")}

    def candidate_count(self, top: int) -> int:
        """C: the sources' together, else as given, else N x T x 10^M (PAPER.md, 2), else 100."""
        if self.sources:
            return sum(self.sources.values())
        if self.search_count is not None:
            return self.search_count
        if self.tuning is not None and self.depth is not None:
            return math.ceil(round(top * self.tuning * 10.0**self.depth, 6))
        return max(DEFAULT_SEARCH_COUNT, top)


def check_list_length(method: Method, top: int) -> None:
    """Raise ValueError where there are too few candidates for a list."""
    count = method.candidate_count(top)
    if count < top:
        raise ValueError(
            f"{count} candidates cannot fill a list of {top}: "
            "raise search_count (or tuning, depth, sources), or lower top"
        )


def _check_model(setting: str, name: str) -> None:
    try:
        model_class(name)
    except SettingsError as error:
        raise ValueError(f"{setting}: {error.what} {error.fix.rstrip('.')}") from error


class MethodName(BaseModel):
    """Which method a command starts from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = Field(
        "best",
        description="Method to start from: best (the best measured), paper (the paper's), or a TOML"
        " file; other options change what it says.",
    )
