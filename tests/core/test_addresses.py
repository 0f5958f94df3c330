import pytest

from tasks.core.addresses import Address
from tasks.core.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://me:$PW@db:5432/shop?sslmode=require", "postgresql://db:5432/shop"),
        ("postgresql://me@/shop?host=/var/run", "postgresql:///shop"),
        ("postgresql://me:a/b#c?d@db/shop", "postgresql://db/shop"),
        ("sqlite:////data/a@b.db", "sqlite:////data/a@b.db"),
    ],
)
def test_what_is_shown_holds_neither_user_nor_password(given: str, shown: str) -> None:
    assert Address(address=given).shown == shown


@pytest.mark.parametrize("password", ["s3cr3t", "a/s3cr3t", "a#s3cr3t", "a?s3cr3t", "a$s3cr3t"])
def test_a_password_is_refused_whatever_it_holds(password: str) -> None:
    with pytest.raises(SettingsError, match="password must not stand") as refused:
        Address(address=f"postgresql://me:{password}@db/shop").refuse_secrets()
    assert "s3cr3t" not in str(refused.value)


def test_a_variable_is_no_password() -> None:
    Address(address="postgresql://me:${PW}@db/shop?sslkey=$KEY").refuse_secrets()
    Address(address="postgresql://me@db/shop").refuse_secrets()
