"""Where lists are published to beside the results file: a file, a table, or keys in Redis.

An address holds no secret: `$NAME` in it stands for a variable of the environment.
"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import Record

FILES = (".parquet", ".jsonl", ".ndjson", ".csv")
REDIS = ("redis", "rediss", "unix")
NAME = "recommendations"
"""Of the table, or at the head of every key, where the address does not say another."""

FORMS = (
    "Give a file (.parquet, .jsonl or .csv), a database such as"
    " 'postgresql://me:$DB_PASSWORD@host/shop#recommendations', or"
    " 'redis://:$REDIS_PASSWORD@host:6379/0'."
)
VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
SCHEME = re.compile(r"[a-z][a-z0-9_+.-]*(?=://)")
TABLE = re.compile(r"(?:[A-Za-z_]\w{0,62}\.)?[A-Za-z_]\w{0,62}", re.ASCII)
SECRET_OPTIONS = ("password", "passwd", "pwd", "secret", "token", "key")


class Target(Record):
    """One place: `address` as it was given, without the name after its "#"."""

    kind: str
    address: str
    name: str = NAME

    @property
    def shown(self) -> str:
        """How messages name it: no user, no password, no options."""
        if self.kind == "file":
            return self.address
        parts = urlsplit(self.address)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}#{self.name}"

    def url(self) -> str:
        """The address with what the environment says for its variables.

        Raises SettingsError where that says nothing.
        """
        return VARIABLE.sub(
            lambda found: quote(self._value(found[1] or found[2]), ""), self.address
        )

    def without_secrets(self, text: str) -> str:
        """A message of a driver, on one line, with none of the values from the environment."""
        for found in VARIABLE.finditer(self.address):
            value = os.environ.get(found[1] or found[2])
            for secret in filter(None, (value, value and quote(value, ""))):
                text = text.replace(secret, "***")
        return " ".join(text.split())

    def _value(self, name: str) -> str:
        value = os.environ.get(name)
        if value is None:
            raise SettingsError(
                f"{self.shown}: ${name} is not in the environment.",
                f"Set {name}, or correct the address.",
            )
        return value


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
    address, _, name = given.partition("#")
    target = Target(
        kind="redis" if scheme[0] in REDIS else "table", address=address, name=name or NAME
    )
    _refuse_secrets(address, target)
    if target.kind == "table" and not TABLE.fullmatch(target.name):
        raise SettingsError(
            f"{target.shown}: '{target.name}' is no name of a table.",
            "Write letters, digits and underscores, after a schema and a dot if need be.",
        )
    return target


def _refuse_secrets(address: str, target: Target) -> None:
    """Raise SettingsError where a password is spelled out: settings are recorded and shown."""
    parts = urlsplit(address)
    password = parts.netloc.rpartition("@")[0].partition(":")[2]
    options = [
        value
        for name, value in parse_qsl(parts.query)
        if any(word in name.lower() for word in SECRET_OPTIONS)
    ]
    if any(one and not VARIABLE.fullmatch(one) for one in [password, *options]):
        raise SettingsError(
            f"{target.shown}: a password must not stand in a setting.",
            "Put it into the environment and write $NAME in its place, in single quotes for a"
            " shell.",
        )
