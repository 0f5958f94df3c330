"""One real question, to see how a server takes and answers it."""

from collections.abc import Mapping
from dataclasses import dataclass

from openai import OpenAIError

from tasks.llm.client import ChatClient, read_reply
from tasks.llm.failures import Failure
from tasks.llm.item_asking import items_shown
from tasks.llm.options import LlmOptions, Way
from tasks.llm.questions import SCORE
from tasks.llm.questions import read_reply as read_values
from tasks.llm.requests import ChatRequest
from tasks.llm.ways import CHECK, IN_WORDS, ITEMS, PERSON, trial_question

SENDS_AT_MOST = 8
LIMITS = "x-ratelimit-limit-"


@dataclass(frozen=True)
class Probed:
    """What came of it, in words; `judged`: both items were. `way`: how scores can be asked for."""

    judged: bool
    way: Way
    what: str


async def probe(client: ChatClient, options: LlmOptions) -> Probed:
    """In which form and way a question is answered; with what the server tells.

    Sends two requests, and one more for each part of the form that is refused. Raises Failure.
    """
    request = _request()
    for _ in range(SENDS_AT_MOST):
        try:
            reply = await client.send(request)
            break
        except Failure as failure:
            if failure.remedy != "plain":
                raise
    else:
        raise Failure("give_up", "every form is refused")
    judged = len(read_values(request, reply).values)
    told = f"a question is answered ({client.form}), {judged} of {len(ITEMS)} items judged"
    way, more = await _more(client, options)
    if options.llm_ask == "numbers" or (options.llm_ask and way == "probability"):
        way = options.llm_ask
    what = f"{told}; {more}; scores are asked for {IN_WORDS[way]}"
    return Probed(judged == len(ITEMS), way, what)


async def _more(client: ChatClient, options: LlmOptions) -> tuple[Way, str]:
    """Whether marks can be read by the probabilities of tokens, and the server's limits."""
    request = trial_question(options)
    try:
        raw = await client.openai.chat.completions.with_raw_response.create(**client.body(request))
        reply = read_reply(raw.parse())
    except (OpenAIError, Failure, AttributeError, ValueError):
        return "numbers", "token probabilities are refused"
    able = "probability" in read_values(request, reply).values.values()
    given = "token probabilities" if reply.tokens else "no token probabilities"
    unread = ", but none of its marks" if reply.tokens and not able else ""
    limits = _limits(raw.headers) or "no limits told"
    return "probability" if able else "numbers", f"{given}{unread}; {limits}"


def _limits(headers: Mapping[str, str]) -> str:
    known = sorted((n.lower(), v) for n, v in headers.items() if n.lower().startswith(LIMITS))
    return ", ".join(f"limit of {name.removeprefix(LIMITS)}: {v[:20]}" for name, v in known)


def _request() -> ChatRequest:
    context = {"person": "nobody", "items": {key: key for key in ITEMS}, "check": CHECK}
    user = items_shown(PERSON, CHECK, ITEMS.items())
    return SCORE.request("doctor", user, context, list(ITEMS), len(ITEMS), 1)
