import subprocess
import sys
from pathlib import Path

import pytest

from tasks.core.errors import SettingsError
from tasks.core.homes import address, here, home_of, url_of
from tasks.settings.settings import Settings
from tasks.settings.sources import NightlyOptions
from tests.support.options import plain_settings

URL = "s3://nights/team a~7/x"
SECRET = "hunter2"


@pytest.fixture(autouse=True)
def mirrors(tmp_path, monkeypatch):
    monkeypatch.setenv("PALATE_MIRRORS", str(tmp_path))
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    return tmp_path


def test_a_folder_is_a_home_as_it_is():
    for folder in (Path(".palate"), Path("/srv/s3:/x"), Path("a:b/c")):
        assert home_of(folder) == folder and url_of(folder) is None and here(folder) == folder


@pytest.mark.parametrize("given", [URL, f"{URL}/", "S3://nights//team a~7/x", Path(URL)])
def test_a_url_is_a_mirror_whose_name_says_the_url(mirrors, given):
    home = home_of(given)
    assert home.parent == mirrors and url_of(home) == URL and home_of(home) == home
    assert "%" not in home.name
    assert address(home / "palate.duckdb") == f"{URL}/palate.duckdb"


def test_another_machine_mirrors_where_its_own_mirrors_lie(mirrors):
    sent = Path("/elsewhere") / home_of(URL).name
    assert here(sent) == home_of(URL)


def test_mirrors_lie_in_the_cache_unless_told_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("PALATE_MIRRORS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert home_of(URL).parent == tmp_path / "cache" / "palate"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"s3://key:{SECRET}@nights/team", "password"),
        (Path(f"s3://{SECRET}@nights"), "password"),
        ("gs://nights/team", "without losing"),
        ("file:///srv/nights", "without losing"),
        ("s3://", "no place"),
        ("s3://nights/team?versionId=1", "no place"),
        (f"s3://nights/{'x' * 250}", "too long"),
    ],
)
def test_a_url_that_cannot_be_a_home_is_refused_without_its_password(given, expected):
    with pytest.raises(SettingsError, match=expected) as raised:
        Settings(home=given)
    assert SECRET not in str(raised.value)


def test_settings_carry_the_url_to_another_machine(tmp_path, monkeypatch):
    sent = Settings(home=URL).model_dump_json()
    monkeypatch.setenv("PALATE_MIRRORS", str(tmp_path / "other"))
    assert Settings.model_validate_json(sent).home == tmp_path / "other" / home_of(URL).name
    monkeypatch.setenv("PALATE_HOME", URL)
    assert NightlyOptions().settings().home == home_of(URL)


def test_paid_answers_of_a_shared_home_must_be_where_all_machines_reach_them(monkeypatch):
    asking = {"scorer": "llm", "llm_model": "m"}
    with pytest.raises(ValueError, match="PALATE_LEDGER_URL"):
        plain_settings(home=URL, **asking)
    assert plain_settings(home=".palate", **asking) and plain_settings(home=URL)
    monkeypatch.setenv("PALATE_LEDGER_URL", "postgresql://u:p@db/ledger")
    assert plain_settings(home=URL, **asking).asks


def test_a_folder_needs_no_storage_package(tmp_path):
    script = """
import sys
from pathlib import Path
import polars as pl
from tasks.core.artifacts import is_intact, write_table
from tasks.store.warehouse import has_results, is_published
home = Path(sys.argv[1])
assert is_intact(home, write_table(home, "t", pl.DataFrame({"a": [1]}))) and not has_results(home)
assert not {"fsspec", "s3fs", "botocore"} & set(sys.modules), sys.modules
"""
    subprocess.run([sys.executable, "-c", script, tmp_path], check=True)
