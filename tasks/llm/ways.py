"""In which way scores are asked for: as is wanted, or as the server allows, found out once."""

from typing import cast

from tasks.core.errors import LlmSetupError
from tasks.llm.engine import Engine
from tasks.llm.item_asking import items_shown
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.options import LlmOptions, Way
from tasks.llm.questions import WAY
from tasks.llm.questions import read_reply as read_values
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Reply, claim_name

CHECK = 0.37
PERSON = "<person>\nIn their words: I like slow, quiet dramas.\n</person>"
ITEMS = {"01": "Tokyo Story (1953). Drama.", "02": "Crank (2006). Action."}

IN_WORDS: dict[Way, str] = {
    "numbers": "as numbers in words",
    "probability": "by the probabilities of tokens",
    "ratings": "beside people's own ratings, by the probabilities of tokens",
}


class WayAsking:
    """Whether a server gives the probabilities that marks are read from; `way` is None until known.

    `anew`: what the ledger has counts only if it is yes.
    """

    def __init__(self, options: LlmOptions, *, anew: bool) -> None:
        self.judge = WAY.judge(options)
        self.about = about_server(options)
        self.claim = claim_name(self.judge, self.about)
        self.way: Way | None = None
        self._anew, self._waiting = anew, [trial_question(options)]

    async def next(self, ledger: Ledger) -> list[ChatRequest]:
        """The one request, if the ledger does not know."""
        if self._waiting:
            known = await known_way(ledger, self)
            self.way = None if self._anew and known == "numbers" else known
        requests, self._waiting = self._waiting, []
        return [] if self.way else requests

    def take(self, request: ChatRequest, reply: Reply) -> dict[str, str]:
        """Keep what the answer shows; one that is none shows nothing."""
        values = read_values(request, reply).values
        if values:
            self.way = cast(Way, values[self.about])
        return values


async def chosen_way(engine: Engine) -> Way:
    """The way that is wanted or, unless one is, the best that the server allows.

    A server that the ledger does not know is sent one question. Raises LlmSetupError where the way
    that is wanted is not allowed, and as `Engine.ask` does.
    """
    options = engine.options
    if options.llm_ask == "numbers":
        return "numbers"
    asking = WayAsking(options, anew=options.llm_ask is not None)
    await engine.claim(asking.claim)
    try:
        for request in await asking.next(engine.ledger):
            await engine.ask(request, asking.take)
    finally:
        await engine.ledger.claims.give_back(asking.claim)
    if options.llm_ask is None:
        return asking.way or "numbers"
    if asking.way == "numbers":
        raise refused(options)
    return options.llm_ask


async def expected_way(engine: Engine) -> Way | None:
    """The same without asking; None where nobody knows yet."""
    options = engine.options
    return options.llm_ask or await known_way(engine.ledger, WayAsking(options, anew=False))


async def known_way(ledger: Ledger, asking: WayAsking) -> Way | None:
    """What the ledger knows of the server."""
    known = await ledger.texts_about(asking.judge, [asking.about])
    return cast(Way | None, known.get(asking.about))


def trial_question(options: LlmOptions) -> ChatRequest:
    """A small question of which every mark should be read by probabilities."""
    context = {"about": about_server(options), "items": {k: k for k in ITEMS}, "check": CHECK}
    user = items_shown(PERSON, CHECK, ITEMS.items())
    return WAY.request(WAY.judge(options), user, context, list(ITEMS), len(ITEMS), 1)


def about_server(options: LlmOptions) -> str:
    """What the ledger keeps a server's ways under."""
    return fingerprint(f"server {options.llm_base_url or 'OpenAI'}")


def refused(options: LlmOptions) -> LlmSetupError:
    """Of a way that the server does not allow."""
    return LlmSetupError(
        f"--llm-ask {options.llm_ask} reads token probabilities, and the server gives none for"
        f" {options.llm_model}.",
        "Leave --llm-ask out or set it to numbers, or ask a server that gives them (`logprobs`).",
    )
