import pytest

from tasks.core.errors import SettingsError
from tasks.core.targets import target_of


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [
        ("/srv/lists.parquet", "file", "recommendations"),
        ("lists.jsonl", "file", "recommendations"),
        ("postgresql://me:$PW@db/shop", "table", "recommendations"),
        ("mysql+pymysql://db/shop#mart.lists", "table", "mart.lists"),
        ("rediss://:${PW}@cache:6379/0#recs", "redis", "recs"),
    ],
)
def test_an_address_says_what_it_is_for(given: str, kind: str, name: str) -> None:
    target = target_of(given)
    assert (target.kind, target.name) == (kind, name)


@pytest.mark.parametrize("given", ["lists.xlsx", "lists", "sqlite:///a.db#no;name", "lists.csv.gz"])
def test_what_is_no_target_is_refused(given: str) -> None:
    with pytest.raises(SettingsError):
        target_of(given)


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://me:s3cr3t@db/shop",
        "postgresql://db/shop?password=s3cr3t",
        "redis://:s3cr3t@cache/0",
        "redis://cache/0?password=s3cr3t#x",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(SettingsError, match="password must not") as refused:
        target_of(given)
    assert "s3cr3t" not in str(refused.value)


def test_variables_are_read_late_and_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    target = target_of("postgresql://me:$LISTS_PW@db/shop#lists")
    with pytest.raises(SettingsError, match=r"\$LISTS_PW is not in the environment"):
        target.url()
    monkeypatch.setenv("LISTS_PW", "a@b/c")
    assert target.url() == "postgresql://me:a%40b/c@db/shop".replace("b/c@", "b%2Fc@")
    assert target.shown == "postgresql://db/shop#lists"
    assert target.without_secrets("no a@b/c\nat a%40b%2Fc") == "no *** at ***"
