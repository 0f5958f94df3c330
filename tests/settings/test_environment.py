"""A name in the environment that nothing reads is refused, and no other."""

import re
from pathlib import Path

import pytest

from tasks.core.errors import SettingsError
from tasks.settings.sources import CellOptions, EvaluateOptions, NightlyOptions

pytestmark = pytest.mark.usefixtures("clean_environment")

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"\bPALATE_[A-Z][A-Z0-9_]*")
FOR_ANY_OPTION = {"PALATE_NAME"}
"""Texts say it of every option."""
MADE_UP = {"PALATE_TPO", "PALATE_MAXCOST", "PALATE_WEIGHTS__POPULRITY", "PALATE_TOP__X"}
MADE_UP |= {"PALATE_XYZZY", "PALATE_OPENAI_API_KEY"}


@pytest.mark.parametrize("options", [NightlyOptions, EvaluateOptions, CellOptions])
@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("PALATE_TPO", "PALATE_TOP"),
        ("PALATE_MAXCOST", "PALATE_MAX_COST"),
        ("PALATE_WEIGHTS__POPULRITY", "PALATE_WEIGHTS__POPULARITY"),
        ("palate_tpo", "PALATE_TOP"),
        ("PALATE_OPENAI_API_KEY", "OPENAI_API_KEY"),
    ],
)
def test_a_name_that_nothing_reads_is_refused_and_the_nearest_named(
    monkeypatch, options, name, nearest
):
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError) as refused:
        options()
    assert refused.value.what == f"{name}: there is no such setting; the nearest is {nearest}."


@pytest.mark.parametrize("name", ["PALATE_TOP__X", "PALATE_XYZZY"])
def test_what_is_near_nothing_or_within_a_number_is_refused_too(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"{name}: there is no such setting"):
        NightlyOptions()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PALATE_EVERY", "7"),
        ("PALATE_PROTOCOL", "loo"),
        ("PALATE_SOURCES__EASE", "50"),
        ("PALATE_MODEL_OPTIONS__EASE_REGULARIZATION", "9"),
        ("palate_seed", "3"),
        ("PALATE_NOTIFY_URL", "https://example.invalid/hook"),
    ],
)
def test_an_option_of_any_command_a_key_of_a_table_and_a_secret_are_names(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    NightlyOptions()


def test_every_name_that_code_deployments_documents_and_tests_write_is_known(monkeypatch):
    folders = ("flows", "tasks", "deployments", "docs", "tests")
    files = (file for folder in folders for file in ROOT.joinpath(folder).rglob("*.*"))
    kinds = {".py", ".md", ".yaml", ".toml", ".sh", ".service"}
    texts = [file.read_text(encoding="utf-8") for file in files if file.suffix in kinds]
    names = {name for text in texts for name in NAME.findall(text)} - FOR_ANY_OPTION - MADE_UP
    assert len(names) > 20
    refused = set()
    for name in sorted(names):
        with monkeypatch.context() as told:
            told.setenv(name, '{"ease": 5}' if name in {"PALATE_SOURCES"} else "")
            try:
                NightlyOptions()
            except SettingsError as error:
                refused |= {name} if "no such setting" in error.what else set()
            except ValueError:
                continue  # known, and an empty value is none of its own
    assert not refused
