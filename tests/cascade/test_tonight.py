"""What a night says of whom it asked about, and why not about the others."""

from tasks.cascade.blend import fit_blend
from tasks.cascade.heads import NEW_ITEMS, NEW_PEOPLE, WARM_PEOPLE
from tasks.cascade.tonight import Judging, judging
from tasks.cascade.worth import Cascade, PartGain, Spent
from tests.cascade.made_up import heads

BLEND = fit_blend(heads(1, people=30, knows=1.0))
GAINS = (
    PartGain(part=NEW_PEOPLE, people=90, gain=0.02, low=0.004, high=0.03),
    PartGain(part=WARM_PEOPLE, people=110, gain=0.001, low=-0.002, high=0.004),
    PartGain(part=NEW_ITEMS, people=60, gain=0.01, low=0.002, high=0.02),
)


def tonight(gains: tuple[PartGain, ...] = GAINS, always: bool = False, asked: int = 43) -> Judging:
    cascade = Cascade(blend=BLEND, gains=gains, people=200, pairs=6000, unscored=0)
    counts = {NEW_PEOPLE: 18, WARM_PEOPLE: 617, NEW_ITEMS: 41}
    return judging(cascade, counts, 635, asked, always=always, tonight=Spent(requests=86))


def test_the_sentence_names_who_was_asked_about_and_what_it_would_add_for_the_others() -> None:
    assert tonight().sentence == (
        "asked for 18 new people and 41 new items; not for the other 592: people who rated more:"
        " add +.001 [-.002, +.004]"
    ).replace("people who rated more: add", "warm people: adds")
    assert [part.asked for part in tonight().parts] == [True, False, True]


def test_nobody_is_asked_about_where_nothing_was_earned_or_known() -> None:
    without = tuple(gain.model_copy(update={"low": -0.01}) for gain in GAINS)
    assert tonight(without, asked=0).sentence.startswith("asked for nobody; not for any of 635: ")
    few = Cascade(blend=None, gains=(), people=0, pairs=0, unscored=0)
    made = judging(few, {}, 12, 0, always=True, tonight=Spent())
    assert made.sentence.count("too few people to say what it adds") == 3
    assert not any(part.asked for part in made.parts)
    assert made.unmeasured and tonight(without, asked=0).unmeasured is None


def test_always_asks_about_everybody() -> None:
    assert tonight(always=True, asked=635).sentence == (
        "asked for 18 new people and 617 people who rated more and 41 new items"
    )
