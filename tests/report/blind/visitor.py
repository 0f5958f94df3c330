"""A question asked in a thread, and who answers it over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from queue import Queue
from urllib.parse import urlsplit

from tasks.report.blind.ballot import StoreChoice
from tasks.report.blind.pair import Chosen, draw
from tasks.report.blind.server import ask
from tests.report.blind.samples import a_pair

SECONDS = 20


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


class Visitor:
    """A browser of sorts, which keeps its cookie."""

    def __init__(self, address: str) -> None:
        self.start, self.host = urlsplit(address).path, urlsplit(address).netloc
        self.cookie: str | None = None

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        mine = {"Cookie": self.cookie} if self.cookie else {}
        connection = HTTPConnection(self.host, timeout=SECONDS)
        try:
            connection.request(method, path, body, {**mine, **headers})
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, received, response.read().decode())
        finally:
            connection.close()
        if "set-cookie" in received:
            self.cookie = received["set-cookie"].partition(";")[0]
        return answer

    def enter(self) -> Answer:
        """Exchange the token and look at the lists."""
        self.send("GET", self.start)
        return self.send("GET", "/")

    def choose(self, letter: str, **headers: str) -> Answer:
        sent = {"Origin": f"http://{self.host}"} | headers
        return self.send("POST", "/", f"choice={letter}", **sent)


class Question:
    """`ask` in a thread, with the draw of seed 0; `seconds` until it gives up."""

    def __init__(self, keep: StoreChoice | None = None, seconds: float = SECONDS) -> None:
        self.pair, self.draw = a_pair(), draw(0)
        self.kept: list[Chosen] = []
        self.result: object = None
        self._keep, self._minutes = keep or self._note, seconds / 60
        self._address: Queue[str] = Queue()
        self.thread = threading.Thread(target=self._ask)
        self.thread.start()
        self.address = self._address.get(timeout=SECONDS)

    def _note(self, chosen: Chosen, seconds: float) -> None:
        assert seconds >= 0
        self.kept.append(chosen)

    def _ask(self) -> None:
        try:
            minutes, tell = self._minutes, self._address.put
            self.result = ask(self.pair, self.draw, self._keep, tell, minutes=minutes)
        except Exception as error:
            self.result = error

    def end(self) -> object:
        """What `ask` gave or raised."""
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()
        return self.result


@contextmanager
def asked() -> Iterator[tuple[Question, Visitor]]:
    """A question and somebody who has its address; ended by a choice, if nobody chose."""
    question = Question()
    visitor = Visitor(question.address)
    try:
        yield question, visitor
    finally:
        if question.thread.is_alive():
            visitor.enter()
            visitor.choose("neither")
        question.end()
