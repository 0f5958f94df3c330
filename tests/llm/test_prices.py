"""What tokens cost: exact, never less than the list says, and never guessed."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.errors import SettingsError
from tasks.llm.budget import Price, Prices, read_prices
from tasks.llm.requests import Usage

MINI = Price(input=Decimal("0.25"), cached=Decimal("0.025"), output=Decimal("2.00"))
GOOD = '[models."m"]\ninput = 0.1\ncached = 0.01\noutput = 0.3\n'


def written(tmp_path, text):
    file = tmp_path / "prices.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_a_million_tokens_cost_what_the_list_says():
    assert MINI.nano_dollars(Usage(prompt=1_000_000)) == 250_000_000
    assert MINI.nano_dollars(Usage(prompt=1_000_000, cached=1_000_000)) == 25_000_000
    assert MINI.nano_dollars(Usage(answer=1_000_000)) == 2_000_000_000
    assert MINI.nano_dollars(Usage()) == 0


def test_cached_tokens_are_part_of_the_prompt():
    assert MINI.nano_dollars(Usage(prompt=1_000, cached=400, answer=10)) == (
        600 * 250 + 400 * 25 + 10 * 2_000
    )


def test_what_is_no_whole_billionth_is_rounded_up():
    price = Price(input=Decimal("0.0001"), cached=Decimal(0), output=Decimal(0))
    assert price.nano_dollars(Usage(prompt=1)) == 1  # 0.1
    assert price.nano_dollars(Usage(prompt=10)) == 1
    assert price.nano_dollars(Usage(prompt=11)) == 2


def test_a_batch_costs_its_share():
    assert MINI.nano_dollars(Usage(prompt=1_000), Decimal("0.5")) == 125_000
    assert MINI.nano_dollars(Usage(prompt=1), Decimal("0.001")) == 1  # 0.25


amounts = st.integers(0, 10**9)
prices = st.decimals(0, 1_000, places=6)


@settings(deadline=None, max_examples=200)
@given(prices, prices, prices, amounts, amounts, amounts, st.sampled_from(["1", "0.5", "0.333"]))
def test_the_cost_is_the_exact_one_rounded_up(of_input, of_cached, of_output, a, b, answer, share):
    price = Price(input=of_input, cached=of_cached, output=of_output)
    prompt, cached = max(a, b), min(a, b)
    exact = (
        (
            (prompt - cached) * Fraction(of_input)
            + cached * Fraction(of_cached)
            + answer * Fraction(of_output)
        )
        * Fraction(share)
        * 1_000
    )
    usage = Usage(prompt=prompt, cached=cached, answer=answer)
    assert price.nano_dollars(usage, Decimal(share)) == ceil(exact)


@settings(deadline=None, max_examples=100)
@given(amounts, amounts, amounts)
def test_no_count_of_a_server_makes_a_cost_negative(prompt, cached, answer):
    """Some servers count cached tokens beside the prompt's instead of among them."""
    assert MINI.nano_dollars(Usage(prompt=prompt, cached=cached, answer=answer)) >= 0


def test_the_shipped_file_is_understood_and_plausible():
    shipped = read_prices(None)
    assert shipped.batch_discount == Decimal("0.5")
    assert {"gpt-5-mini", "gpt-5-nano"} <= shipped.models.keys()
    for price in shipped.models.values():
        assert 0 <= price.cached <= price.input <= price.output < 100
    assert shipped.models["gpt-5-nano"].input == Decimal("0.05")


def test_prices_are_read_exactly(tmp_path):
    price = read_prices(written(tmp_path, GOOD)).models["m"]
    assert (price.input, price.cached, price.output) == (
        Decimal("0.1"),
        Decimal("0.01"),
        Decimal("0.3"),
    )


def test_without_a_discount_a_batch_costs_the_same(tmp_path):
    assert read_prices(written(tmp_path, GOOD)).batch_discount == 1


def test_a_dated_version_costs_what_its_model_costs():
    known = read_prices(None)
    assert known.of("gpt-5-mini-2025-08-07") == known.of("gpt-5-mini") is not None
    assert known.of("gpt-5-mini-2025-08-07") != known.of("gpt-5")


def test_a_dated_version_may_have_a_price_of_its_own():
    other = Price(input=Decimal(9), cached=Decimal(9), output=Decimal(9))
    known = Prices(models={"gpt-5": MINI, "gpt-5-2025-08-07": other})
    assert known.of("gpt-5-2025-08-07") == other
    assert known.of("gpt-5-2025-08-08") == MINI


@pytest.mark.parametrize(
    "model",
    [
        "",
        "gpt-5-pro",
        "gpt",
        "GPT-5",
        "openai/gpt-5",
        "gpt-5-2025",
        "gpt-5-2025-08-07-mini",
        "gpt-5 ",
    ],
)
def test_another_model_has_no_known_price(model):
    assert read_prices(None).of(model) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[models", "Expected ']'"),
        (b"\xff\xfe", "utf-8"),
        ("", "models: Field required"),
        ("batch_discount = 0.5\n", "models"),
        ('[models."m"]\ninput = 1\n', "models.m.cached"),
        (GOOD.replace("0.3", "-0.3"), "models.m.output"),
        (GOOD.replace("0.3", "nan"), "models.m.output"),
        (GOOD.replace("0.3", "inf"), "models.m.output"),
        (GOOD.replace("0.3", '"much"'), "models.m.output"),
        (GOOD + "thinking = 1\n", "models.m.thinking"),
        ("batch_discount = 50\n" + GOOD, "batch_discount"),
        ("discount = 0.5\n" + GOOD, "discount"),
        (GOOD + GOOD, "models"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong_in_it(tmp_path, text, problem):
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        read_prices(file)
    assert str(file) in error.value.what
    assert problem in error.value.what
    assert "input, cached and output" in error.value.fix


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for file in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read") as error:
            read_prices(file)
        assert str(file) in error.value.what
