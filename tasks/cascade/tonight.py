"""What a night asked a language model about heads, what that has shown to add, and its price."""

from collections.abc import Mapping

from tasks.cascade.alone import Figure
from tasks.cascade.heads import NEW_ITEMS, NEW_PEOPLE, PARTS, WARM_PEOPLE
from tasks.cascade.worth import Cascade, PartGain, Spent
from tasks.core.vocabulary import Record

TOO_FEW = "too few people to say what it adds"


class JudgedPart(PartGain):
    """The same, and whether the part was asked about.

    `tonight`: people with a new list, or different new items in their heads.
    """

    asked: bool
    tonight: int


class Judging(Record):
    """By part, what was asked of heads, and why; the prices of the sample and of tonight's lists.

    `figures`: how well the judgement alone orders the heads of the sample.
    `listed`: people with a new list; `unasked`: those of them about whom nothing was asked;
    `unmeasured`: why nobody was, if for want of people to measure on.
    """

    parts: tuple[JudgedPart, ...]
    listed: int
    unasked: int
    sample: Spent
    tonight: Spent
    unmeasured: str | None = None
    figures: tuple[Figure, ...] = ()

    @property
    def sentence(self) -> str:
        """As "asked for 18 new people; not for the other 592: adds +.001 [-.002, +.004]"."""
        asked = [_counted(part) for part in self.parts if part.asked and part.tonight]
        for_whom = f"asked for {' and '.join(asked)}" if asked else "asked for nobody"
        why = [_adds(part) for part in self.parts if not part.asked]
        reasons = "; ".join(why) or TOO_FEW
        others = f"not for {'the other ' if asked else 'any of '}{self.unasked:,}: {reasons}"
        return f"{for_whom}; {others}" if self.unasked else for_whom


def judging(
    cascade: Cascade,
    counts: Mapping[str, int],
    listed: int,
    asked: int,
    *,
    always: bool,
    tonight: Spent,
) -> Judging:
    """What is decided on each part; `counts` of people or items tonight, `asked` of people."""
    gains = {gain.part: gain for gain in cascade.gains}
    asks = cascade.asks(always=always)
    parts = [
        JudgedPart(
            **gains.get(part, PartGain(part=part, people=0)).model_dump(),
            asked=asks[part],
            tonight=counts.get(part, 0),
        )
        for part in PARTS
    ]
    return Judging(
        parts=tuple(parts),
        listed=listed,
        unasked=listed - asked,
        sample=cascade.price,
        tonight=tonight,
        unmeasured=cascade.unmeasured(always=always),
        figures=cascade.figures,
    )


def _counted(part: JudgedPart) -> str:
    one = {NEW_PEOPLE: "new person", WARM_PEOPLE: "person who rated more", NEW_ITEMS: "new item"}
    many = {NEW_PEOPLE: "new people", WARM_PEOPLE: "people who rated more", NEW_ITEMS: "new items"}
    return f"{part.tonight:,} {(one if part.tonight == 1 else many)[part.part]}"


def _adds(part: JudgedPart) -> str:
    if part.gain is None or part.low is None or part.high is None:
        return f"{part.part}: {TOO_FEW}"
    figures = [f"{value:+.3f}".replace("0.", ".", 1) for value in (part.gain, part.low, part.high)]
    return f"{part.part}: adds {figures[0]} [{figures[1]}, {figures[2]}]"
