"""Limits: nothing is sent that could pass one, whatever is in flight and however it ends."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.errors import LimitReachedError, SettingsError
from tasks.llm.budget import NANO, NOTHING_HELD, Budget, Reserved
from tasks.llm.options import LlmOptions
from tasks.llm.requests import ChatRequest, Usage
from tests.llm.engine_support import chat_request

HALF = Decimal("0.5")


def budget(model="gpt-5-mini", **limits):
    return Budget(LlmOptions(llm_model=model, **limits))


def request(prompt=700, answer=100, pairs=25):
    made = chat_request("x" * round(prompt * 3.5), system="", answer_tokens=answer, pairs=pairs)
    assert made.tokens_expected == prompt
    return made


def test_the_worst_case_is_held_and_what_was_used_is_counted():
    spent = budget()
    held = spent.reserve(request(700, 100))
    assert held == Reserved(800, 700 * 250 + 100 * 2_000)
    cost = spent.settle(held, 25, Usage(prompt=650, cached=600, answer=90))
    assert cost == 50 * 250 + 600 * 25 + 90 * 2_000
    totals = spent.totals
    assert (totals.requests, totals.sends, totals.pairs) == (1, 1, 25)
    assert (totals.prompt, totals.cached, totals.answer) == (650, 600, 90)
    assert (totals.nano_dollars, totals.perhaps_billed) == (cost, 0)


def test_the_thinking_of_a_reasoning_model_is_held_too():
    held = budget(llm_extra_answer_tokens=1_000).reserve(request(700, 100))
    assert held == Reserved(1_800, 700 * 250 + 1_100 * 2_000)


def test_a_failed_send_costs_nothing_but_counts_as_sent():
    spent = budget(max_requests=2)
    for _ in range(2):
        spent.release(spent.reserve(request()), perhaps_billed=False)
    totals = spent.totals
    assert (totals.requests, totals.sends, totals.prompt, totals.nano_dollars) == (0, 2, 0, 0)
    with pytest.raises(LimitReachedError):
        spent.reserve(request())


def test_a_send_that_may_have_been_billed_counts_with_its_worst_case():
    spent = budget(max_tokens=1_000)
    held = spent.reserve(request(700, 100))
    spent.release(held, perhaps_billed=True)
    assert spent.totals.perhaps_billed == 1
    assert spent.totals.nano_dollars == held.nano_dollars
    assert spent.totals.prompt + spent.totals.answer == 800
    with pytest.raises(LimitReachedError):
        spent.reserve(request(200, 1))
    spent.reserve(request(199, 1))


def test_what_is_in_flight_counts_with_its_worst_case():
    spent = budget(max_tokens=1_600)
    first = spent.reserve(request(700, 100))
    spent.reserve(request(700, 100))
    with pytest.raises(LimitReachedError):
        spent.reserve(request(1, 0))
    spent.settle(first, 25, Usage(prompt=100, answer=100))
    spent.reserve(request(500, 100))


def test_the_money_in_flight_counts_with_its_worst_case():
    spent = budget(max_cost=Decimal("0.0006"))  # one request costs 0.000375 at most
    first = spent.reserve(request(700, 100))
    with pytest.raises(LimitReachedError, match="--max-cost"):
        spent.reserve(request(700, 100))
    spent.settle(first, 25, Usage(prompt=700, answer=10))
    spent.reserve(request(700, 100))


def test_a_refused_request_holds_nothing():
    spent = budget(max_tokens=800)
    for _ in range(3):
        with pytest.raises(LimitReachedError):
            spent.reserve(request(800, 100))
    assert spent.totals.sends == 0
    spent.reserve(request(700, 100))


def test_a_limit_may_be_reached_exactly():
    cost = Decimal(700 * 250 + 100 * 2_000) / NANO
    budget(max_cost=cost, max_tokens=800, max_requests=1).reserve(request(700, 100))
    for limit in ({"max_cost": cost - Decimal(1) / NANO}, {"max_tokens": 799}):
        with pytest.raises(LimitReachedError):
            budget(**limit).reserve(request(700, 100))


@pytest.mark.parametrize(
    ("limit", "option"),
    [
        ("max_cost", "--max-cost"),
        ("max_requests", "--max-requests"),
        ("max_tokens", "--max-tokens"),
    ],
)
def test_a_limit_of_zero_lets_nothing_pass_and_is_named(limit, option):
    with pytest.raises(LimitReachedError, match=option) as error:
        budget(**{limit: 0}).reserve(request())
    assert "kept" in error.value.fix


def test_a_model_that_costs_nothing_may_be_asked_for_no_money(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text('[models."my-own"]\ninput = 0\ncached = 0\noutput = 0\n')
    spent = budget("my-own", llm_prices=file, max_cost=0)
    held = spent.reserve(request())
    assert held.nano_dollars == 0
    assert spent.settle(held, 25, Usage(prompt=700, answer=100)) == 0


def test_without_a_known_price_costs_are_unknown_and_a_limit_on_them_is_refused():
    spent = budget("unheard-of", max_tokens=10_000)
    held = spent.reserve(request())
    assert spent.settle(held, 25, Usage(prompt=700, answer=100)) is None
    assert spent.totals.nano_dollars == 0
    assert spent.totals.prompt == 700
    with pytest.raises(SettingsError, match="unheard-of"):
        budget("unheard-of", max_cost=5)


def test_a_batch_holds_and_costs_its_share():
    spent = budget(max_cost=Decimal("0.0002"))
    assert spent.batch_share == HALF
    with pytest.raises(LimitReachedError):
        spent.reserve(request(700, 100))
    held = spent.reserve(request(700, 100), spent.batch_share)
    assert held == Reserved(800, (700 * 250 + 100 * 2_000) // 2)
    assert spent.settle(held, 25, Usage(prompt=700, answer=10), HALF) == 97_500


def test_an_answer_of_which_nothing_is_held_is_counted_too():
    spent = budget(max_tokens=1_000)
    spent.settle(NOTHING_HELD, 25, Usage(prompt=900, answer=50))
    with pytest.raises(LimitReachedError):
        spent.reserve(request(50, 1))
    spent.reserve(request(49, 1))


steps = st.lists(
    st.tuples(
        st.sampled_from(["send", "send", "answer", "fail", "doubt"]),
        st.integers(0, 3_000),
        st.integers(0, 500),
        st.floats(0, 1),
        st.booleans(),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=150)
@given(steps, st.integers(0, 40), st.integers(0, 20_000), st.integers(0, 10_000_000))
def test_spent_and_in_flight_never_pass_a_limit(steps, most_requests, most_tokens, most_nano):
    most_cost = Decimal(most_nano) / NANO
    spent = budget(max_requests=most_requests, max_tokens=most_tokens, max_cost=most_cost)
    flying: list[tuple[ChatRequest, Reserved, Decimal]] = []
    for what, prompt, answer, used, batch in steps:
        share = HALF if batch else Decimal(1)
        if what == "send":
            wanted = request(prompt, answer)
            try:
                flying.append((wanted, spent.reserve(wanted, share), share))
            except LimitReachedError:
                continue
        elif flying:
            sent, held, share = flying.pop(prompt % len(flying))
            if what == "answer":
                told = int(sent.tokens_expected * used)
                usage = Usage(told, int(told * used), int(sent.answer_tokens * used))
                spent.settle(held, sent.pairs, usage, share)
            else:
                spent.release(held, perhaps_billed=what == "doubt")
        totals = spent.totals
        tokens = totals.prompt + totals.answer + sum(held.tokens for _, held, _ in flying)
        nano = totals.nano_dollars + sum(held.nano_dollars for _, held, _ in flying)
        assert totals.sends <= most_requests
        assert tokens <= most_tokens
        assert nano <= most_nano
        assert min(totals.nano_dollars, totals.prompt, totals.answer) >= 0


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 300), st.booleans()), max_size=20))
def test_when_nothing_is_in_flight_only_what_was_used_counts(sent):
    spent = budget(max_tokens=10**7)
    held = [spent.reserve(request(prompt, answer)) for prompt, answer, _ in sent]
    for (prompt, answer, well), reserved in zip(sent, held, strict=True):
        if well:
            spent.settle(reserved, 1, Usage(prompt=prompt, answer=answer))
        else:
            spent.release(reserved, perhaps_billed=False)
    left = 10**7 - sum(prompt + answer for prompt, answer, well in sent if well)
    assert spent.totals.prompt + spent.totals.answer == 10**7 - left
    spent.reserve(request(left, 0))
    with pytest.raises(LimitReachedError):
        spent.reserve(request(1, 0))
