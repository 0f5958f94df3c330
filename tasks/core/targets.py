"""Where lists are published to beside the results file: a file, a table, or keys in Redis.

An address holds no secret: `$NAME` in it stands for a variable of the environment.
"""

import re
from pathlib import Path

from tasks.core.addresses import Address
from tasks.core.errors import SettingsError

FILES = (".parquet", ".jsonl", ".ndjson", ".csv")
REDIS = ("redis", "rediss", "unix")
NAME = "recommendations"
"""Of the table, or at the head of every key, where the address does not say another."""

FORMS = (
    "Give a file (.parquet, .jsonl or .csv), a database such as"
    " 'postgresql://me:$DB_PASSWORD@host/shop#recommendations', or"
    " 'redis://:$REDIS_PASSWORD@host:6379/0'."
)
SCHEME = re.compile(r"[a-z][a-z0-9_+.-]*(?=://)")
TABLE = re.compile(r"(?:[A-Za-z_]\w{0,62}\.)?[A-Za-z_]\w{0,62}", re.ASCII)


class Target(Address):
    """One place: `address` as it was given, without the name after its "#"."""

    kind: str
    name: str = NAME

    @property
    def shown(self) -> str:
        """How messages name it: no user, no password, no options."""
        return self.address if self.kind == "file" else f"{super().shown}#{self.name}"


def target_of(given: str) -> Target:
    """What an address means.

    Raises SettingsError, which does not repeat what may be a password, where it means nothing or
    holds one.
    """
    scheme = SCHEME.match(given)
    if scheme is None:
        if Path(given).suffix not in FILES:
            raise SettingsError(f"{given}: there is no such kind of file to export to.", FORMS)
        return Target(kind="file", address=given)
    at = given.rfind("@") + 1
    host, _, name = given[at:].partition("#")
    address = given[:at] + host
    target = Target(
        kind="redis" if scheme[0] in REDIS else "table", address=address, name=name or NAME
    )
    target.refuse_secrets()
    if target.kind == "table" and not TABLE.fullmatch(target.name):
        raise SettingsError(
            f"{target.shown}: '{target.name}' is no name of a table.",
            "Write letters, digits and underscores, after a schema and a dot if need be.",
        )
    return target
