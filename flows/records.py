"""What the stages of a pipeline are given, and what they hand on."""

from tasks.reranking.blend import Learned
from tasks.vocabulary import Artifact, Record


class Inputs(Record):
    """What lists are made from: train ratings, the users to serve, and typed tastes if any.

    `new_items`: the candidates are these, which nobody has rated, instead of a base model's;
    `most_new`: of these the ones nearest to each person's texts, so many, instead of all.
    `keep_model`: the base model may be the one kept from an earlier night, and is kept for later
    ones; never for what is measured on held-out ratings, which an earlier model has seen.
    """

    ratings: Artifact
    users: Artifact
    typed: Artifact | None = None
    new_items: Artifact | None = None
    most_new: int | None = None
    keep_model: bool = False


class Candidates(Record):
    """Every user's candidates, and the base models that proposed them, by name."""

    pairs: Artifact
    models: dict[str, Artifact]


class Prepared(Record):
    """What a scorer is shown of people and items: profiles and texts."""

    profiles: Artifact
    texts: Artifact


class Ranked(Record):
    """Every user's candidates, base and re-ranked.

    `degraded`: why they could not be scored. `learned`: what a learned re-ranker goes by.
    """

    lists: Artifact
    degraded: str | None = None
    learned: Learned | None = None
