"""What the stages of a pipeline are given, and what they hand on."""

from tasks.core.vocabulary import Artifact, Record
from tasks.night.state import Fitted


class Inputs(Record):
    """What lists are made from: train ratings, the users to serve, and typed tastes if any.

    `new_items`: the candidates are these, which nobody has rated, instead of a base model's;
    `most_new`: of these the ones nearest to each person's texts, so many, instead of all.
    `fitted`: what an earlier night learned, instead of learning anew; never for what is measured on
    held-out ratings, which it has seen.
    """

    ratings: Artifact
    users: Artifact
    typed: Artifact | None = None
    new_items: Artifact | None = None
    most_new: int | None = None
    fitted: Fitted | None = None


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

    `degraded`: why they could not be scored. `fitted`: what was learned from ratings for them.
    """

    lists: Artifact
    degraded: str | None = None
    fitted: Fitted
