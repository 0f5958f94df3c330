"""One real question, to see how a server takes and answers it."""

from collections.abc import Mapping

from openai import OpenAIError

from tasks.llm.client import ChatClient, read_reply
from tasks.llm.failures import Failure
from tasks.llm.item_asking import items_shown
from tasks.llm.questions import SCORE
from tasks.llm.questions import read_reply as read_values
from tasks.llm.requests import ChatRequest

SENDS_AT_MOST = 8
LIMITS = "x-ratelimit-limit-"
PERSON = "<person>\nIn their words: I like slow, quiet dramas.\n</person>"
ITEMS = {"01": "Tokyo Story (1953). Drama.", "02": "Crank (2006). Action."}


async def probe(client: ChatClient) -> tuple[bool, str]:
    """Whether both items of a question were judged, and in which form; with what the server tells.

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
    return judged == len(ITEMS), f"{told}; {await _more(client, request)}"


async def _more(client: ChatClient, request: ChatRequest) -> str:
    """Whether it gives probabilities of tokens, and its limits."""
    body = client.body(request) | {"logprobs": True, "top_logprobs": 5}
    try:
        raw = await client.openai.chat.completions.with_raw_response.create(**body)
        answer = raw.parse()
        read_reply(answer)
        given = bool(answer.choices[0].logprobs and answer.choices[0].logprobs.content)
    except (OpenAIError, Failure, AttributeError, ValueError):
        return "token probabilities are refused"
    limits = _limits(raw.headers)
    return f"{'' if given else 'no '}token probabilities; {limits or 'no limits told'}"


def _limits(headers: Mapping[str, str]) -> str:
    known = sorted((n.lower(), v) for n, v in headers.items() if n.lower().startswith(LIMITS))
    return ", ".join(f"limit of {name.removeprefix(LIMITS)}: {v[:20]}" for name, v in known)


def _request() -> ChatRequest:
    context = {"person": "nobody", "items": {key: key for key in ITEMS}, "check": 0.37}
    user = items_shown(PERSON, 0.37, ITEMS.items())
    return SCORE.request("doctor", user, context, list(ITEMS), len(ITEMS), 1)
