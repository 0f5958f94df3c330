"""The evaluation protocols by name: what each holds out, and what follows from that.

`tasks.evaluation.splits.protocols` holds the ratings out.
"""

from dataclasses import dataclass

from tasks.core.vocabulary import PlainProtocolName, ProtocolName


@dataclass(frozen=True)
class Protocol:
    """A way to hold ratings out. `holds_out` says in words which.

    `external_leaks`: the protocol asks what was known at a time, so the catalogue's ratings and
    votes, collected since, would leak.
    `forward`: what is held out came after all of train, as what a night is for comes after all it
    knows. `by_time`: the times of the ratings part them, and nothing is random. `hides_items`: some
    items lose every train rating. `takes_keep`: the setting `keep` says how many train ratings a
    test user has left. `title`: what tables call it where that is not its name. `inner`: how train
    is parted once more, to learn from, where that is not by the protocol itself.
    """

    name: ProtocolName
    holds_out: str
    external_leaks: bool = False
    forward: bool = False
    by_time: bool = False
    hides_items: bool = False
    takes_keep: bool = False
    title: str = ""
    inner: PlainProtocolName | None = None

    @property
    def draws(self) -> bool:
        """Whether seeds draw what is held out; else it is the same for every seed."""
        return not self.by_time and self.name != "given"

    @property
    def estimates_ratings(self) -> bool:
        """Whether errors of estimated ratings mean anything: of a hidden item nothing is known."""
        return not self.hides_items

    def label(self, keep: int) -> str:
        """The protocol as tables name it, with the ratings kept where that is part of it."""
        return f"{self.name}-{keep}" if self.takes_keep else self.title or self.name


PROTOCOLS: dict[ProtocolName, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol("loo", "one random rating of each user"),
        Protocol("split", "a quarter of each item's ratings"),
        Protocol("user-split", "of each user's"),
        Protocol(
            "user-temporal",
            "each user's newest quarter; leaks others' future",
            external_leaks=True,
            by_time=True,
            title="per-user temporal",
        ),
        Protocol(
            "temporal", "everything after one date", external_leaks=True, forward=True, by_time=True
        ),
        Protocol(
            "horizon", "the newest `horizon` days", external_leaks=True, forward=True, by_time=True
        ),
        Protocol("cold-user", "all but `keep` ratings of some users", takes_keep=True),
        Protocol(
            "cold-item",
            "every rating of a tenth of the items",
            external_leaks=True,
            hides_items=True,
        ),
        Protocol("given", "what --held-out FILE holds", external_leaks=True, inner="split"),
    )
}


UNDRAWN = tuple(name for name, protocol in PROTOCOLS.items() if not protocol.draws)
"""Those that hold the same out whatever the seed."""


def described() -> str:
    """Every protocol with what it holds out, on one line."""
    return "; ".join(f"{name}: {protocol.holds_out}" for name, protocol in PROTOCOLS.items())
