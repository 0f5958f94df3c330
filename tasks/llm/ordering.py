"""One person's list put in order: what the ledger has of its windows is taken, the rest asked for.

A window's answer is kept under the person and the items shown, in their order: with another
profile, item text, window or order below it is another question, while a list of which only the
bottom has changed is asked about only as far up as that matters.
"""

from collections.abc import Callable, Sequence
from functools import partial

from tasks.llm.judges import judge_name
from tasks.llm.ledger.database import Change
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.listing import ListAsk, ListJob
from tasks.llm.options import LlmOptions
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import Reply
from tasks.llm.work import Line


class ListWork:
    """The places of item lines, which come in base order, for a person's block."""

    def __init__(
        self, options: LlmOptions, block: str, lines: Sequence[str], settled: Callable[[int], None]
    ) -> None:
        self.judge, self._settled = judge_name("list", options), settled
        self.name = f"{self.judge} {fingerprint(block)}"
        self.job = ListJob(block, lines, options.llm_window, options.llm_stride)
        self._told = 0

    async def next_line(self, ledger: Ledger) -> Line | None:
        """The request for the first window that the ledger does not know; None when all are done.

        One at a time: a window holds what the one below sent up.
        """
        while (question := self.job.question()) is not None:
            about = fingerprint(question)
            known = (await ledger.texts_about(self.judge, [about])).get(about)
            if known is None:
                ask = self.job.ask()
                digest = partial(self._digest, ledger, ask, about)
                return Line(ask.request, self.judge, digest, {})
            self.job.apply(known)
        self._tell()
        return None

    def _digest(
        self, ledger: Ledger, ask: ListAsk, about: str, request_id: str, reply: Reply
    ) -> Sequence[Change]:
        kept = self.job.take(ask, reply)
        self._tell()
        return [] if kept is None else ledger.keep_text(request_id, self.judge, about, kept)

    def _tell(self) -> None:
        """Count as settled what no window to come can move."""
        done = self.job.settled
        self._settled(done - self._told)
        self._told = done
