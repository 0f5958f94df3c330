"""The instructions: a version names one wording for ever."""

import json
from importlib.resources import files
from typing import get_args

import pytest

from tasks.llm import prompts
from tasks.llm.answers import read_aspects, read_order, read_scores
from tasks.llm.prompts import CURRENT, Kind, prompt
from tasks.llm.shapes import SHAPES, read_shaped
from tasks.llm.ways import ASPECTS, STEPS

KINDS = get_args(Kind)

# The answers in a ledger are kept under the version of the prompt that asked for them. A used
# prompt that is edited would mix two wordings' answers under names that look alike, and an old
# ledger could not be explained any more. So never change a hash here: write a new file, score-2.md
# beside score-1.md, point CURRENT to it, and add a line.
WORDINGS = {
    "score-1": "564ce2fa",
    "aspects-1": "63771d2c",
    "list-1": "9c821f2d",
    "profile-1": "875a3c94",
    "structured-1": "255c8f20",
    "contrastive-1": "73ae74a7",
    "describe-1": "a89a605b",
    "judge-1": "e161b62d",
    "choose-1": "75a5ebc1",
    "explain-1": "3fbc8059",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Prompts from a folder that a test may write to."""
    monkeypatch.setattr(prompts, "files", lambda _package: tmp_path)
    prompt.cache_clear()
    yield tmp_path
    prompt.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_instructions(kind):
    text = prompt(kind).text
    assert text.strip()
    assert "stranger" in text
    assert "one JSON object and nothing else" in text


def test_no_used_prompt_is_edited_instead_of_written_anew():
    names = {file.name for file in files(prompts).iterdir() if file.name.endswith(".md")}
    assert names == {f"{name}.md" for name in WORDINGS}
    for kind in KINDS:
        assert prompt(kind).version == f"{CURRENT[kind]}-{WORDINGS[CURRENT[kind]]}"


def test_a_version_changes_with_the_text_and_with_the_files_name(folder, monkeypatch):
    seen = []
    for name, text in [("score-1", "Judge."), ("score-1", "Judge. "), ("score-2", "Judge.")]:
        (folder / f"{name}.md").write_text(text)
        monkeypatch.setitem(CURRENT, "score", name)
        prompt.cache_clear()
        seen.append(prompt("score"))
    assert [made.text for made in seen] == ["Judge.", "Judge. ", "Judge."]
    assert len({made.version for made in seen}) == 3
    assert seen[2].version.startswith("score-2-")


def test_the_example_of_a_scored_list_is_a_valid_answer():
    example = prompt("score").text.strip().rpartition(": {")[2]
    read = read_scores("{" + example, ["01", "02"], -0.37)
    assert read.canary
    assert len(read.said) == 2
    assert set(read.said.values()) <= set(STEPS)


def test_the_example_of_aspects_is_a_valid_answer_and_every_aspect_is_explained():
    text = prompt("aspects").text
    example = text.strip().rpartition('check="-0.37": ')[2]
    assert set(read_aspects(example, ["01", "02"], -0.37, ASPECTS).said) == {"01", "02"}
    assert [line.split()[0] for line in text.splitlines() if line[:8].strip() in ASPECTS] == list(
        ASPECTS
    )


def test_the_example_of_an_order_is_a_valid_answer():
    example = prompt("list").text.strip().rpartition('check="-0.37": ')[2]
    assert read_order(example, ["01", "02", "03"], -0.37).keys == ("03", "02", "01")


@pytest.mark.parametrize("kind", ["structured", "contrastive"])
def test_every_example_of_a_taste_in_parts_is_kept_whole(kind):
    examples = [line.partition("-> ")[2] for line in prompt(kind).text.splitlines() if "->" in line]
    assert len(examples) == 2
    for example in examples:
        text = read_shaped(kind, example, None)
        for part, said in json.loads(example).items():
            assert SHAPES[kind][part].label + said in (text or "") or not said


@pytest.mark.parametrize("kind", ["profile", "describe", "judge", "choose"])
def test_every_example_of_a_text_is_a_valid_answer(kind):
    examples = [line for line in prompt(kind).text.splitlines() if "-> {" in line]
    assert examples
    for line in examples:
        assert list(json.loads(line.partition("-> ")[2])) == ["text"]
