"""Addresses of servers. They hold no secret: `$NAME` stands for a variable of the environment."""

import os
import re
from urllib.parse import parse_qsl, quote, urlsplit

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import Record

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
USER_AND_PASSWORD = re.compile(r"(?<=://)[^/@][^@]*@")
"""To the "@", whatever stands before it: a password may hold what ends a host."""

SECRET_OPTIONS = ("password", "passwd", "pwd", "secret", "token", "key")


class Address(Record):
    """One address, as it was given."""

    address: str

    @property
    def shown(self) -> str:
        """How messages name it: no user, no password, no options."""
        return re.split("[?#]", USER_AND_PASSWORD.sub("", self.address, count=1))[0]

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

    def refuse_secrets(self) -> None:
        """Raise SettingsError where a password is spelled out: settings are recorded and shown."""
        user = USER_AND_PASSWORD.search(self.address)
        password = user[0][:-1].partition(":")[2] if user else ""
        options = [
            value
            for name, value in parse_qsl(urlsplit(self.address).query)
            if any(word in name.lower() for word in SECRET_OPTIONS)
        ]
        if any(one and not VARIABLE.fullmatch(one) for one in [password, *options]):
            raise SettingsError(
                f"{self.shown}: a password must not stand in a setting.",
                "Put it into the environment and write $NAME in its place, in single quotes for a"
                " shell.",
            )

    def _value(self, name: str) -> str:
        value = os.environ.get(name)
        if value is None:
            raise SettingsError(
                f"{self.shown}: ${name} is not in the environment.",
                f"Set {name}, or correct the address.",
            )
        return value
