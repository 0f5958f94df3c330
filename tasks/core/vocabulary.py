"""Column names and typed records: the only words in which stages talk to each other."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

USER = "user"
ITEM = "item"
RATING = "rating"
TIMESTAMP = "timestamp"
TITLE = "title"
YEAR = "year"
GENRES = "genres"
DESCRIPTION = "description"
QUALITY = "quality"
VOTES = "votes"
TMDB_ID = "tmdb_id"
TAG = "tag"
TAGS = "tags"
TEXT = "text"
FAVOURITES = "favourites"
RATED = "rated"
MEAN_RATING = "mean_rating"
YEAR_LOW = "year_low"
YEAR_HIGH = "year_high"
PRIORITIZE_RATINGS = "prioritize_ratings"
PRIORITIZE_POPULAR = "prioritize_popular"
ESTIMATE = "estimate"
BASE_RANK = "base_rank"
SIMILARITY = "similarity"
POPULARITY = "popularity"
DATE_AFFINITY = "date_affinity"
EXTERNAL_QUALITY = "external_quality"
EXTERNAL_VOTES = "external_votes"
SCORE = "score"
TASTE_WEIGHT = "taste_weight"
WHY = "why"
REASONS = "reasons"
RANK = "rank"
RERANKED_RANK = "reranked_rank"
LISTED_IN = "listed_in"

Id = int | str
"""A user or item id: whole numbers where every id of the data set is one, else text."""

PlainProtocolName = Literal[
    "loo", "split", "user-split", "user-temporal", "temporal", "horizon", "cold-user", "cold-item"
]
"""Protocols that need nothing but ratings."""
ProtocolName = Literal[PlainProtocolName, "given"]
ScorerName = Literal["embedded", "llm", "llm-batch", "recorded"]
ProfileWriter = Literal["composed", "llm"]
ProfileStyle = Literal["sentence", "favourites"]
RuleName = Literal["weighted", "llm_only", "rrf", "filter", "none"]
RerankerName = Literal["weighted", "llm_only", "rrf", "filter", "none", "learned"]
TargetName = Literal["rated", "liked"]
BoundName = Literal["random", "oracle"]
"""Re-rankers that only an evaluation has: the floor, and the ceiling, which sees the held-out."""

KS = (1, 5, 10, 20)
"""Lengths at which lists are measured, whatever length is published."""


class Record(BaseModel):
    """Base of every typed record: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Artifact(Record):
    """A file that a stage wrote: `path` relative to the home folder, content hash, row count."""

    path: str
    sha256: str
    rows: int

    def at(self, home: Path) -> Path:
        """Where the file lies on this machine."""
        return home / self.path


class DatasetInfo(Record):
    """What a data set says of itself. `relevant_at`: the rating from which an item is liked.

    `implicit`: nobody rated anything; a rating is how often somebody met an item.
    """

    name: str
    noun: str
    noun_plural: str
    scale: tuple[float, float]
    relevant_at: float
    source: str
    terms: str
    implicit: bool = False


class Stranger(Record):
    """A rating of an item that the items file lacks: where it stands, and the item."""

    file: str
    row: int | None
    column: str | None
    item: str

    @property
    def shown(self) -> str:
        """As in "ratings.csv, row 3: item 10"."""
        return f"{self.file}, row {self.row}: item {self.item}"


class Dataset(Record):
    """An ingested data set: its files, and how many rows were left out or changed, and why.

    `firsts`: by reason where the first such row stands.
    `stranger`: the first rating that was left out because the items file lacks its item.
    `remarks`: what was recognised of the files, and what was inferred, a line each.
    """

    info: DatasetInfo
    ratings: Artifact
    items: Artifact
    tags: Artifact | None
    users: int
    dropped: dict[str, int]
    firsts: dict[str, str] = {}
    stranger: Stranger | None = None
    remarks: tuple[str, ...] = ()


class Rules(Record):
    """What lists leave out, whatever a model says of it.

    `pairs` (user, item): not for that user. `items`: for nobody. `users`: they get no list. All
    are sorted. `dropped`: how many rows of the files name nobody or nothing that is known.
    """

    pairs: Artifact
    items: Artifact
    users: Artifact
    dropped: dict[str, int]


class Favourite(Record):
    """One of the items that a person rated highest in train."""

    item: Id
    title: str
    rating: float


class Rated(Record):
    """One of a person's train ratings, with what is shown of its item."""

    title: str
    year: int | None
    genres: str | None
    rating: float


class Profile(Record):
    """What is known of a person's taste; see `tasks.texts.profiles` for how each part is made.

    `rated` and `mean_rating`, of all train ratings, are there where the person is shown by them.
    """

    user: Id
    text: str
    favourites: tuple[Favourite, ...]
    year_low: int | None
    year_high: int | None
    prioritize_ratings: bool
    prioritize_popular: bool
    rated: tuple[Rated, ...] = ()
    mean_rating: float | None = None


class ItemText(Record):
    """An item as a scorer reads it, whole in `text` and in its parts; all of it is untrusted."""

    item: Id
    title: str
    text: str
    year: int | None = None
    genres: str | None = None
    description: str | None = None
    quality: float | None = None
    votes: int | None = None
    tags: str | None = None
