"""The settings of nights that follow each other."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, field_validator

from tasks.core.errors import SettingsError
from tasks.core.targets import target_of


class NightOptions(BaseModel):
    """What a night takes over from the one before, and what it does about bad news."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refit: int = Field(
        7,
        ge=0,
        description="Nights that a fitted method serves: 1 fits every night, 7 every seventh, 0"
        " never again. In between, only users about whom something changed get a new list.",
    )
    guard: bool = Field(
        True,
        description="Publish base lists for groups of users whose base lists did better than"
        " their re-ranked lists, by the ratings that arrived after those were published; for"
        " everybody where they did better on the ratings that a night holds out.",
    )
    guard_users: int = Field(
        50, ge=2, description="Users with new ratings below which earlier lists are not judged."
    )
    guard_nights: int = Field(
        28, ge=1, description="Nights whose lists are judged together, the last one among them."
    )
    guard_activity: tuple[NonNegativeInt, ...] = Field(
        (50, 200), description="Numbers of ratings at which users are parted, judged each apart."
    )
    guard_level: float = Field(0.95, gt=0, lt=1, description="Level of the guard's intervals.")
    guard_margin: float = Field(
        0.0, ge=0, description="NDCG that a re-ranked list may lose before the guard acts."
    )
    measure_users: int | None = Field(
        None,
        ge=0,
        description="Users whose held-out rating is looked for: everybody, or 20,000 drawn of more,"
        " with `embedded`; nobody (0) with a scorer that costs money, unless set.",
    )
    measure_protocol: Literal["horizon", "loo"] | None = Field(
        None,
        description="What a night is measured on: the newest window of time, or loo, one rating of"
        " each user. The window where the order is learned on windows, unless set.",
    )
    explain: bool = Field(
        False,
        description="Have the language model say in a sentence why, for each of the first `top`.",
    )
    report: bool = Field(True, description="Write a page about the night into home/reports.")
    keep_nights: int = Field(
        90,
        ge=2,
        description="Newest nights of a data set whose lists stay in the results file; older nights"
        " keep their figures.",
    )
    publish_to: tuple[str, ...] = Field(
        (),
        description="Where the lists go beside the results file: a file (.parquet, .jsonl, .csv),"
        " a table (postgresql://me:$DB_PASSWORD@host/shop#recommendations) or Redis"
        " (redis://host:6379/0); $NAME is read from the environment.",
    )
    publish_hours: float = Field(
        72.0, gt=0, description="Hours after which keys in Redis expire, unless written anew."
    )
    notify_command: tuple[str, ...] = Field(
        (),
        description="Program and its arguments, run when a night fails, is degraded or guarded;"
        " it reads what happened as JSON. A webhook's address stands in PALATE_NOTIFY_URL.",
    )

    @field_validator("publish_to")
    @classmethod
    def _are_targets(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for one in given:
                target_of(one)
        except SettingsError as error:
            raise ValueError(str(error).removesuffix(".")) from None
        return given

    @field_validator("guard_activity")
    @classmethod
    def _ascending(cls, activity: tuple[int, ...]) -> tuple[int, ...]:
        if list(activity) != sorted(set(activity)):
            raise ValueError("the numbers must rise, such as 50, 200")
        return activity
