"""What a kill may cost, held against what the server and the ledger say."""

from collections import Counter
from dataclasses import dataclass, field

from tests.crash.observed import Books, Send


@dataclass
class Kill:
    """One kill and what was found after it."""

    number: int
    server: bool
    seconds: float
    books: Books
    in_flight: list[Send]
    """Received by the server, and not answered."""
    received: int
    """Requests until then."""
    wasted: list[Send] = field(default_factory=list)
    """Received since the kill before, and their answer never kept: all that is asked again."""
    before: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def intents(self) -> int:
        return self.books.open.total()

    @property
    def hit_requests(self) -> bool:
        """Some had been sent and were not answered yet, or their answer was not kept yet."""
        return bool(self.in_flight or self.wasted)


def unkept(sends: list[Send], books: Books) -> list[Send]:
    """Sends whose answer was not kept; of a body sent again, the last ones are those that were."""
    kept, wasted = Counter(books.answered), []
    for send in reversed(sends):
        if kept[send.hash] > 0:
            kept[send.hash] -= 1
        else:
            wasted.append(send)
    return wasted[::-1]


def too_much(kill: Kill, concurrency: int, server_was_away: bool) -> list[str]:
    """The intent of a request that waits for its next attempt stays open, beside those sent."""
    problems = []
    if len(kill.wasted) > min(kill.intents, concurrency):
        problems.append(f"{len(kill.wasted)} sends to repeat")
    if kill.intents > concurrency and not server_was_away:
        problems.append(f"{kill.intents} in flight, {concurrency} allowed")
    unknown = [send for send in kill.in_flight if not kill.books.open[send.hash]]
    if unknown:
        problems.append(f"{len(unknown)} sends in flight without an intent")
    return problems


def miscounted(wasted: list[Send], books: Books, intents: int) -> list[str]:
    """The ledger's count of what may be charged in vain: never too low, and no more than was."""
    counted, truth = books.doubtful, Counter(send.hash for send in wasted)
    problems = []
    if hidden := sum((truth - counted).values()):
        problems.append(f"{hidden} sends may be charged in vain and are not counted")
    if counted.total() > intents:
        problems.append(f"{counted.total()} counted as in doubt, {intents} ever in flight at kills")
    return problems


def asked_in_vain(sends: list[Send], wasted: list[Send]) -> list[str]:
    """Every pair once, and once more for each send that was for nothing."""
    asked = Counter(pair for send in sends for pair in send.pairs)
    excused = Counter(pair for send in wasted for pair in send.pairs)
    again = sum(asked[pair] - excused[pair] != 1 for pair in asked)
    return [f"{again} pairs asked for again without need"] if again else []
