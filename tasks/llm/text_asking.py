"""Asking for one short text: a taste, a description, a verdict, a choice."""

from collections.abc import Sequence

from tasks.llm.item_asking import Settled
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.questions import Question, read_reply
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Reply, claim_name

ASKED_AT_MOST = 3
TOO_LONG_AT_MOST = 2
"""A text that ran past its limit runs past it again, most often."""

MOST = {"answered": ASKED_AT_MOST, "unanswered": ASKED_AT_MOST, "length": TOO_LONG_AT_MOST}
"""Times a text is asked for, by the outcome that brought none; all others end it."""


class TextAsking:
    """One text about a `block` (as shown); with `allowed`, one of these words.

    `text` is None until there is a valid one, and stays so if the model gives none.
    """

    def __init__(
        self,
        question: Question[str],
        judge: str,
        block: str,
        allowed: Sequence[str] | None,
        settled: Settled,
    ) -> None:
        self.judge, self.about = judge, fingerprint(block)
        self.claim = claim_name(judge, self.about)
        self.text: str | None = None
        self._question, self._block, self._allowed = question, block, allowed
        self._settled, self._looked_up = settled, False
        self._waiting = [self._request(1)]

    async def next(self, ledger: Ledger) -> list[ChatRequest]:
        """The request to send now, if neither the ledger nor the model has given a text."""
        if not self._looked_up:
            self._looked_up = True
            self.text = (await ledger.texts_about(self.judge, [self.about])).get(self.about)
            self._settled(int(self.text is not None))
        return self.pending()

    def pending(self) -> list[ChatRequest]:
        """What is to be sent now; each is handed out once."""
        requests, self._waiting = self._waiting, []
        return [] if self.text is not None else requests

    def take(self, request: ChatRequest, reply: Reply) -> dict[str, str]:
        """Keep the text of a reply and give it; without a valid one it is asked for again."""
        values = read_reply(request, reply).values
        if values:
            self.text = values[self.about]
            self._settled(1)
        elif request.attempt < MOST.get(reply.outcome, 0):
            self._waiting.append(self._request(request.attempt + 1))
        else:
            self._settled(1)
        return values

    def _request(self, attempt: int) -> ChatRequest:
        reminder = "" if attempt == 1 else f"\nAnswer with the JSON object only ({attempt})."
        context = {"about": self.about, "allowed": self._allowed}
        user = self._block + reminder
        return self._question.request(self.judge, user, context, self._allowed, 0, attempt)
