"""What is asked: a version names one wording for ever, and a judge whose answer it is."""

import hashlib
import json
from dataclasses import replace
from importlib.resources import files
from typing import Any, get_args

import pytest

import tasks.llm
from tasks.llm import questions
from tasks.llm.answers import read_scores
from tasks.llm.item_asking import ItemsAsking, PersonItems
from tasks.llm.options import LlmOptions
from tasks.llm.questions import PROFILE, QUESTIONS, SCORE, STEPS, WHY, Kind
from tasks.llm.text_asking import TextAsking

KINDS = get_args(Kind)
OPTIONS = LlmOptions(llm_model="m-1", llm_items=10)

# The answers in a ledger are kept under the version of the prompt that asked for them. A used
# prompt that is edited would mix two wordings' answers under names that look alike, and an old
# ledger could not be explained any more. So never change a hash here: write a new file, score-2.md
# beside score-1.md, name it in the question, and add a line.
WORDINGS = {
    "score-1": "564ce2fa",
    "mark-1": "e5a3f43a",
    "rate-1": "955558a8",
    "profile-1": "875a3c94",
    "describe-1": "a89a605b",
    "judge-1": "e161b62d",
    "choose-1": "75a5ebc1",
    "explain-1": "3fbc8059",
    "wish-1": "2a412cc4",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Prompts from a folder that a test may write to."""
    monkeypatch.setattr(questions, "files", lambda _package: tmp_path)
    (tmp_path / "prompts").mkdir()
    questions.instructions.cache_clear()
    yield tmp_path / "prompts"
    questions.instructions.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_instructions(kind):
    assert QUESTIONS[kind].kind == kind
    text = QUESTIONS[kind].instructions
    assert text.strip()
    assert "stranger" in text
    assert "one JSON object and nothing else" in text


def test_no_used_prompt_is_edited_instead_of_written_anew():
    names = {file.name for file in files(tasks.llm).joinpath("prompts").iterdir()}
    assert names == {f"{name}.md" for name in WORDINGS}
    for kind in KINDS:
        question = QUESTIONS[kind]
        assert question.version == f"{question.prompt}-{WORDINGS[question.prompt]}"


def test_a_version_changes_with_the_text_and_with_the_files_name(folder):
    seen = []
    for name, text in [("score-1", "Judge."), ("score-1", "Judge. "), ("score-2", "Judge.")]:
        (folder / f"{name}.md").write_text(text)
        questions.instructions.cache_clear()
        question = replace(SCORE, prompt=name)
        seen.append(question.version)
        assert question.instructions == text
    assert len(set(seen)) == 3
    assert seen[2].startswith("score-2-")


def test_the_example_of_a_scored_list_is_a_valid_answer():
    example = SCORE.instructions.strip().rpartition(": {")[2]
    read = read_scores("{" + example, ["01", "02"], -0.37)
    assert read.canary
    assert len(read.values) == 2
    assert set(read.values.values()) <= set(STEPS)


@pytest.mark.parametrize("kind", ["profile", "describe", "judge", "choose"])
def test_every_example_of_a_text_is_a_valid_answer(kind):
    examples = [line for line in QUESTIONS[kind].instructions.splitlines() if "-> {" in line]
    assert examples
    for line in examples:
        assert list(json.loads(line.partition("-> ")[2])) == ["text"]


def test_whose_answer_it_is_names_model_wording_decoding_and_what_was_shown():
    assert PROFILE.judge(OPTIONS) == f"m-1 {PROFILE.version} t0"
    shown = LlmOptions(llm_model="m-1", llm_show=("year", "genres"))
    assert SCORE.judge(shown) == f"m-1 {SCORE.version} t0 genres+year"
    assert SCORE.judge(LlmOptions(llm_model="m-1", llm_show=())).endswith(" title")


def test_the_order_of_what_is_shown_makes_no_other_judge():
    names = {
        SCORE.judge(LlmOptions(llm_model="m", llm_show=shown))
        for shown in (("year", "genres"), ("genres", "year"))
    }
    assert len(names) == 1


def test_another_model_or_part_is_another_judge():
    names = {
        SCORE.judge(LlmOptions.model_validate(given))
        for given in (
            {"llm_model": "m"},
            {"llm_model": "n"},
            {"llm_model": "m", "llm_show": ("year",)},
            {"llm_model": "m", "llm_show": ()},
        )
    }
    assert len(names) == 4


def test_how_many_are_asked_at_once_makes_no_other_judge():
    other = OPTIONS.model_copy(update={"llm_items": 7, "llm_concurrency": 1})
    assert SCORE.judge(other) == SCORE.judge(OPTIONS)


# Paid answers stand in ledgers under these names, and requests that were sent under these hashes: a
# change here means that everybody pays again.
JUDGES = {
    "score": "gpt-4.1-mini score-1-564ce2fa t0 estimate+genres+popularity+year",
    "mark": "gpt-4.1-mini mark-1-e5a3f43a t0 estimate+genres+popularity+year",
    "rate": "gpt-4.1-mini rate-1-955558a8 t0 genres+year",
    "way": "gpt-4.1-mini mark-1-e5a3f43a t0",
    "profile": "gpt-4.1-mini profile-1-875a3c94 t0",
    "describe": "gpt-4.1-mini describe-1-a89a605b t0",
    "judge": "gpt-4.1-mini judge-1-e161b62d t0",
    "choose": "gpt-4.1-mini choose-1-75a5ebc1 t0",
    "explain": "gpt-4.1-mini explain-1-3fbc8059 t0 genres+year",
    "wish": "gpt-4.1-mini wish-1-2a412cc4 t0",
}
REQUESTS = {
    "score": "707e41917dc2453e",
    "explain": "553ebed88ffc36e3",
    "profile": "cbfaf39a693acb4a",
}
BLOCK = "<person>\nIn their words: I like slow films.\n</person>"
ITEMS = [f"Film {n} (1990). Drama." for n in range(30)]


@pytest.mark.parametrize("kind", KINDS)
def test_paid_answers_stay_under_their_judges_name(kind):
    shown = ("year", "genres", "popularity", "estimate")
    options = LlmOptions(llm_model="gpt-4.1-mini", llm_show=shown)
    assert QUESTIONS[kind].judge(options) == JUDGES[kind]


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_request_stays_as_it_was(kind):
    titles = [f"Film {n}" for n in range(30)]
    listed, titled = PersonItems(BLOCK, ITEMS), PersonItems(BLOCK, ITEMS, titles)

    def settled(_count: int) -> None:
        pass

    askings: dict[str, ItemsAsking[Any] | TextAsking] = {
        "score": ItemsAsking(SCORE, "j", listed, lambda: 25, settled),
        "explain": ItemsAsking(WHY, "j", titled, lambda: 25, settled),
        "profile": TextAsking(PROFILE, "j", BLOCK, None, settled),
    }
    requests = askings[kind].pending()
    said = "".join(f"{r.digest('m')}{r.kind}{QUESTIONS[kind].version}{r.pairs}" for r in requests)
    assert hashlib.sha256(said.encode()).hexdigest()[:16] == REQUESTS[kind]
