import json

import pytest

from tasks.core.errors import SettingsError
from tasks.evaluation.judgements.spec import read_judgements

pytestmark = pytest.mark.usefixtures("clean_environment")

HEAD = """
title = "Judged"
notes = ["What they saw."]
[settings]
data = "films"
reranker = "learned"
protocol = "given"
held_out = "held.csv"
"""
RATINGS = """
[ratings]
file = "rated.csv"
judges = ["m"]
"""


def written(tmp_path, text):
    file = tmp_path / "judged.toml"
    file.write_text(text, "utf-8")
    return file


def test_what_is_given_beside_the_file_wins_and_all_of_it_is_recorded(tmp_path):
    wanted, settings = read_judgements(written(tmp_path, HEAD + RATINGS), {"seed": 7})
    assert (settings.seed, settings.protocol, settings.method.reranker) == (7, "given", "learned")
    assert wanted.ratings and wanted.ratings.judges == ("m",) and wanted.orders is None
    told = json.loads(wanted.described(settings, "palate judgements judged.toml"))
    assert (told["title"], told["notes"], told["seed"]) == ("Judged", ["What they saw."], 7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "is not valid TOML"),
        (HEAD, "there is nothing to measure"),
        (HEAD.replace('"learned"', '"weighted"') + RATINGS, "on top of a learned order"),
        (HEAD + RATINGS + "judge = 3", "ratings.judge: Extra inputs"),
        (HEAD.replace('held_out = "held.csv"', "") + RATINGS, "the protocol given go together"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, text, says):
    with pytest.raises(SettingsError) as caught:
        read_judgements(written(tmp_path, text), {})
    assert "judged.toml" in str(caught.value) and says in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read"):
        read_judgements(tmp_path / "none.toml", {})
