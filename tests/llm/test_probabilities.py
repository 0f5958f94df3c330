"""Expected marks: which token holds a mark, and what might have stood in its place."""

import math
from types import SimpleNamespace

import pytest

from tasks.llm.probabilities import Token, expected_marks, to_score, tokens_of


def tokens(*pieces: str | tuple[str, dict[str, float]]) -> list[Token]:
    """Tokens, those of which something might stand elsewhere with what that is."""
    pairs = [(one, {one: 1.0}) if isinstance(one, str) else one for one in pieces]
    return [Token(text.encode(), others) for text, others in pairs]


def joined(pieces: list[Token]) -> str:
    return b"".join(piece.text for piece in pieces).decode()


def expected(pieces: list[Token], text: str | None = None, **marks: int) -> dict[str, float]:
    return expected_marks(text or joined(pieces), pieces, {k[1:]: v for k, v in marks.items()})


def test_it_is_the_mean_of_the_digits_by_their_parts_of_what_digits_have():
    said = tokens('{"01":', ("7", {"7": 0.4, "8": 0.2, "9": 0.1, "maybe": 0.2, "7.5": 0.1}), "}")
    assert expected(said, _01=7) == {"01": pytest.approx((7 * 4 + 8 * 2 + 9) / 7)}


def test_blanks_and_marks_of_json_in_the_same_token_do_not_matter():
    said = tokens('{"01":', (" 7,", {" 7,": 0.5, "8": 0.3, " 9}": 0.2}), ' "02":3}')
    means = expected(said, _01=7, _02=3)
    assert means["01"] == pytest.approx(7 * 0.5 + 8 * 0.3 + 9 * 0.2)
    assert "02" not in means, "that token is no mark alone"


def test_a_key_is_no_mark_and_no_part_of_another_key():
    said = tokens('{"check":0.17, "1', "7", '":', ("7", {"7": 0.5, "1": 0.5}), ', "', "7", '":')
    said += tokens(("2", {"2": 0.5, "4": 0.5}), "}")
    assert expected(said, _17=7, _07=2) == {"17": 4.0, "07": 3.0}


@pytest.mark.parametrize(
    "before", ['"01": ', '"1":', "01: ", '"01": {"mark": ', '{"key": "01", "mark": ', '"01": "']
)
def test_a_mark_is_found_wherever_it_is_read(before):
    said = tokens("{" + before, ("6", {"6": 0.5, "8": 0.5}), "}")
    assert expected(said, _01=6) == {"01": 7.0}


def test_the_last_answer_counts_and_thinking_before_the_text_does_not():
    thought = tokens('<think>{"01":', ("6", {"6": 1.0}), "}</think>")
    said = tokens('{"01":', ("6", {"6": 0.5, "7": 0.5}), "}")
    assert expected([*thought, *said], joined(said), _01=6) == {"01": 6.5}
    assert expected([*thought, *said], _01=6) == {"01": 6.5}
    assert expected(said, joined([*thought, *said]), _01=6) == {"01": 6.5}


def test_without_tokens_or_with_those_of_another_text_there_is_nothing():
    said = tokens('{"01":', "6", "}")
    assert expected_marks('{"01":6}', [], {"01": 6}) == {}
    assert expected_marks('{"01": 6}', said, {"01": 6}) == {}
    assert expected_marks("", said, {"01": 6}) == {}


def test_letters_of_several_bytes_before_it_do_not_move_the_place():
    said = tokens('{"éß語": 1, "01":', ("6", {"6": 0.5, "8": 0.5}), "}")
    assert expected(said, _01=6) == {"01": 7.0}


def test_marks_as_scores():
    assert [to_score(mark) for mark in (0, 4.5, 9)] == [-1.0, 0.0, 1.0]


def given(**more: object) -> SimpleNamespace:
    other = SimpleNamespace(token="8", logprob=math.log(0.25), bytes=[56])
    one = {"token": "7", "logprob": math.log(0.5), "bytes": [55], "top_logprobs": [other]}
    return SimpleNamespace(logprobs=SimpleNamespace(content=[SimpleNamespace(**one | more)]))


def test_tokens_of_a_choice_as_servers_give_them():
    (token,) = tokens_of(given())
    assert token.text == b"7" and token.others == pytest.approx({"7": 0.5, "8": 0.25})
    assert tokens_of(given(bytes=None))[0].text == b"7"
    assert tokens_of(given(top_logprobs=None))[0].others == pytest.approx({"7": 0.5})


@pytest.mark.parametrize(
    "choice",
    [
        SimpleNamespace(),
        SimpleNamespace(logprobs=None),
        SimpleNamespace(logprobs=SimpleNamespace(content=None)),
        SimpleNamespace(logprobs=SimpleNamespace(content=[SimpleNamespace(token="7")])),
        given(logprob="-0.5"),
        given(bytes=[1000]),
    ],
)
def test_what_is_not_given_as_it_should_be_is_not_there(choice):
    assert tokens_of(choice) == ()
