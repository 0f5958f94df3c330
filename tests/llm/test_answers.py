"""What of a model's answer counts: what has one reading. Everything else is asked again."""

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.llm.answers import ParsedAnswer, read_scores, read_text

KEYS = ("01", "02", "03")
CHECK = -0.3
RIGHT = {"check": CHECK, "01": 0.5, "02": -1, "03": 1.0}


def scores(text, keys=KEYS, check=CHECK):
    return read_scores(text, keys, check).values


def answer(**changed):
    return json.dumps(RIGHT | {name.removeprefix("k"): value for name, value in changed.items()})


def test_a_right_answer_is_read_whole():
    read = read_scores(json.dumps(RIGHT), KEYS, CHECK)
    assert read.values == {"01": 0.5, "02": -1.0, "03": 1.0}
    assert read.canary
    assert all(type(score) is float for score in read.values.values())


@pytest.mark.parametrize(
    "value",
    [
        *("7", "-7", "1.01", "-1.01", "1.0000001", "1e400", "-1e400", "1e308", "9" * 400),
        *("NaN", "Infinity", "-Infinity", "null", "true", "false"),
        *('"1.5"', '"0.8/1"', '""', "[0.5]", "[]", "{}", '{"rank": 0.5}', '"\u0661"'),
    ],
)
def test_what_is_no_number_from_minus_one_to_one_is_no_score_and_the_rest_is_kept(value):
    text = f'{{"check": -0.3, "01": 0.5, "02": {value}, "03": -0.25}}'
    assert scores(text) == {"01": 0.5, "03": -0.25}


@pytest.mark.parametrize("value", ["0.8/1", "0,5", "0.5f", "-", "0.5.1", "9" * 5000])
def test_an_answer_that_is_not_json_holds_nothing(value):
    assert scores(f'{{"check": -0.3, "01": 0.5, "02": {value}, "03": -0.25}}') == {}


@pytest.mark.parametrize("value", ["1", "-1", "1.0", "-1.0", "0", "-0.0", "1e-3", "0.123456789"])
def test_both_ends_zero_and_what_lies_between_are_scores(value):
    assert scores(f'{{"check": -0.3, "01": {value}}}') == {"01": float(value)}


def test_values_can_stand_under_what_their_keys_mean():
    assert ParsedAnswer({"01": 0.5}, False).renamed({"01": "a", "02": "b"}) == ParsedAnswer(
        {"a": 0.5}, False
    )


def test_missing_keys_have_no_score():
    assert scores('{"check": -0.3, "02": 0.5}') == {"02": 0.5}
    assert scores('{"check": -0.3}') == {}


def test_invented_keys_are_ignored():
    assert scores(answer(k04=0.1, k11=0.2, title=0.3)) == scores(json.dumps(RIGHT))


@pytest.mark.parametrize(
    "key", ["001", "0", "4", " 01", "01 ", "item 01", "\u0660\u0661", "O1", "01\u200b"]
)
def test_a_key_that_was_not_asked_for_counts_for_none_that_was(key):
    assert scores(json.dumps({"check": CHECK, key: 0.5})) == {}


@pytest.mark.parametrize(
    ("first", "second"), [(0.5, 0.6), (0.5, None), (None, 0.5), (0.5, "0.5"), (1, -1), (0.5, [0.5])]
)
def test_a_key_with_two_values_has_none(first, second):
    pair = f'"01": {json.dumps(first)}, "02": 0.1, "01": {json.dumps(second)}'
    assert scores(f'{{"check": -0.3, {pair}}}') == {"02": 0.1}


def test_a_third_mention_does_not_heal_a_doubled_key():
    assert scores('{"check": -0.3, "01": 0.5, "01": 0.6, "01": 0.5}') == {}
    assert scores('{"check": -0.3, "01": 0.5, "01": 0.5, "01": 0.6}') == {}


def test_a_key_said_twice_with_one_value_has_that_value():
    assert scores('{"check": -0.3, "01": 0.5, "01": 0.50}') == {"01": 0.5}


@pytest.mark.parametrize("pair", [("true", "1"), ("1", "true"), ("false", "0"), ("0.0", "false")])
def test_true_is_not_one_also_in_a_doubled_key(pair):
    assert scores('{{"check": -0.3, "01": {}, "01": {}}}'.format(*pair)) == {}


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        " {} \n",
        "```json\n{}\n```",
        "```\n{}\n```",
        "```json{}```",
        "Here are the scores:\n```json\n{}\n```\nEnjoy!",
        "Sure! {} Anything else?",
        "\ufeff{}",
        "<think>quiet dramas, so</think>\n{}",
        "```JSON\n{}\n```",
        "As {you} asked:\n```json\n{}\n```",
    ],
)
def test_an_object_in_a_fence_or_between_words_is_read(text):
    assert scores(text.replace("{}", json.dumps(RIGHT))) == scores(json.dumps(RIGHT))
    assert scores(text.replace("{}", json.dumps(RIGHT, indent=4))) == scores(json.dumps(RIGHT))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "I cannot judge that.",
        "null",
        "0.5",
        '"text"',
        "[0.5, 0.5, 0.5]",
        '{"check": -0.3, "01": 0.5',
        "{check: -0.3, 01: 0.5}",
        "-0.3, 0.5, 0.5, 0.5",
    ],
)
def test_an_answer_without_an_object_holds_nothing_and_accuses_nobody(text):
    read = read_scores(text, KEYS, CHECK)
    assert read.values == {}
    assert read.canary


@pytest.mark.parametrize("between", ["", "\n", " or rather ", "\n```\n```json\n"])
def test_of_two_objects_the_last_is_the_answer(between):
    first, second = answer(k01=0.1), answer(k01=0.9)
    assert scores(first + between + second)["01"] == 0.9
    assert scores(second + between + '{"note": 1}')["01"] == 0.9


@pytest.mark.parametrize(
    "text",
    [
        "<think>perhaps {'01': {1}} or {}</think>{}",
        '<think>{"check": 0.5, "01": 1}</think>\n{}',
        'So {"check": 0.5, "01": 1} it is?</think>{}',
        "<|channel|>analysis<|message|>{x<|end|><|start|>assistant<|channel|>final<|message|>{}",
        "[{}]",
        '{"answer": {}}',
        '{"answer": {"scores": {}}}',
        '[{"answer": {}}]',
    ],
)
def test_thinking_and_wrappers_around_the_answer_are_seen_through(text):
    right = json.dumps(RIGHT)
    place = text.rindex("{}")
    assert scores(text[:place] + right + text[place + 2 :]) == scores(right)


@pytest.mark.parametrize(
    "inside",
    [
        '"scores": {"01": 0.5, "02": -1}',
        '"scores": [{"01": 0.5}, {"02": -1}]',
        '"scores": [{"key": "01", "score": 0.5}, {"score": -1, "id": "2"}]',
        '"01": {"score": 0.5}, "02": {"score": "-1"}',
        '"1": "0.5", "2": "-1.0"',
        '"01": +.5, "02": -1.,',
        "'01': 0.5, '02': -1",
        "“01”: 0.5, “02”: -1",
    ],
)
@pytest.mark.parametrize("check", ["-0.3", '"-0.3"', "-.30"])
def test_other_forms_with_one_reading_are_read(inside, check):
    assert scores(f'{{"check": {check}, {inside}}}') == {"01": 0.5, "02": -1.0}


def test_what_is_not_closed_counts_but_for_its_last_value_which_may_be_cut():
    assert scores('{"check": -0.3, "01": 0.5, "02": 0.2') == {"01": 0.5}
    assert scores('{"check": -0.3, "01": 0.5,') == {"01": 0.5}


@pytest.mark.parametrize(
    "text",
    [
        '{"check": -0.3, "1": 0.5, "01": 0.6, "02": 0.1}',
        '{"check": -0.3, "scores": {"01": 0.5}, "01": 0.6, "02": 0.1}',
        '{"check": -0.3, "scores": [{"01": 0.5}, {"key": 1, "score": 0.6}], "02": 0.1}',
    ],
)
def test_a_key_with_two_values_in_two_places_has_none(text):
    assert scores(text) == {"02": 0.1}


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":', "{", '{"01":[', "```json\n{"])
def test_deep_nesting_is_no_answer_and_does_not_take_long(opening):
    started = time.process_time()
    text = opening * (20_000 // len(opening))
    for hostile in (text, f'{{"check": -0.3, "01": {text}', text + "}" * 5_000):
        assert scores(hostile) == {}
    assert time.process_time() - started < 2.0


def test_a_deep_value_beside_a_score_does_not_crash():
    deep = "[" * 400 + "]" * 400
    assert scores(f'{{"check": -0.3, "01": {deep}, "01": {deep}, "02": 0.5}}') == {"02": 0.5}
    deeper = "[" * 100_000 + "]" * 100_000
    assert scores(f'{{"check": -0.3, "01": {deeper}, "02": 0.5}}') == {}


def test_without_the_check_no_score_counts_but_nothing_is_suspected():
    read = read_scores('{"01": 0.5}', KEYS, CHECK)
    assert read.values == {}
    assert read.canary


@pytest.mark.parametrize(
    "said", ["0.3", "-0.2", "-0.31", "0", "1", "null", '"0.3"', "true", "[-0.3]", "NaN", "-3"]
)
def test_with_another_check_no_score_counts(said):
    read = read_scores(f'{{"check": {said}, "01": 0.5}}', KEYS, CHECK)
    assert read.values == {}
    assert not read.canary


def test_two_checks_are_another_check():
    read = read_scores('{"check": -0.3, "01": 0.5, "check": 0.1}', KEYS, CHECK)
    assert read.values == {}
    assert not read.canary


@pytest.mark.parametrize(
    ("said", "check"),
    [
        *(("1", 1.0), ("-1", -1.0), ("0", 0.0), ("-0.0", 0.0), ("-0", 0.0), ("0.0", -0.0)),
        *(("0.30", 0.3), ("3e-1", 0.3), ("0.30000000000000004", 0.3)),
    ],
)
def test_a_check_may_be_written_in_another_way(said, check):
    assert scores(f'{{"check": {said}, "01": 0.5}}', check=check) == {"01": 0.5}


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just([])
)
keys = st.sampled_from([*KEYS, "04", "1", "check", ""])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(keys, values), max_size=8))
def test_whatever_is_kept_was_asked_for_said_once_and_lies_in_range(pairs):
    said = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs)
    read = read_scores(f"{{{said}}}", KEYS, CHECK)
    for key, score in read.values.items():
        meant = [value for name, value in pairs if name == key]
        assert key in KEYS
        assert -1.0 <= score <= 1.0
        assert all(value == score and not isinstance(value, bool) for value in meant)
    if read.values:
        assert ("check", CHECK) in pairs


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet='{}[]",:01 -.eNa`json\ncheck\\u', max_size=60))
def test_no_answer_at_all_makes_reading_fail(text):
    read = read_scores(text, KEYS, CHECK)
    assert not any(math.isnan(score) for score in read.values.values())
    assert read_text(text, None) is None or '"text"' in text


def test_a_text_is_read_from_the_same_wrappings():
    for said in ('{"text": "I like it."}', '```json\n{"text": "I like it."}\n```', ' {"text": "I '):
        assert read_text(said, None) == ("I like it." if said.endswith(("}", "`")) else None)


@pytest.mark.parametrize(
    "said",
    [
        *("", "I like it.", '"I like it."', "{}", '{"Text": "I"}', '{"text": null}'),
        *('{"text": 7}', '{"text": ["I"]}', '{"text": {"text": "I"}}', '{"text": true}'),
        *('{"text": ""}', '{"text": " \\n\\t"}', '{"text": "I", "text": "you"}'),
    ],
)
def test_what_is_no_text_is_none(said):
    assert read_text(said, None) is None


@pytest.mark.parametrize("said", ["Yes", " yes", "yes.", "maybe", "yesno", "no one", ""])
def test_only_the_allowed_words_count(said):
    assert read_text(json.dumps({"text": said}), ["yes", "no"]) is None
    assert read_text('{"text": "yes"}', ["yes", "no"]) == "yes"
