"""What a request asks: its messages, and the items and the check written into them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_ITEM = re.compile(r'<item key="([^"]+)">(.*?)</item>', re.DOTALL)
_CHECK = re.compile(r'<[^<>]*\bcheck="(-?[0-9][0-9.]*)"[^<>]*>')


@dataclass(frozen=True)
class Prompt:
    """The messages of one request as (role, text)."""

    messages: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Prompt":
        return cls(tuple((m["role"], _text(m.get("content"))) for m in body["messages"]))

    @cached_property
    def text(self) -> str:
        return "\n".join(text for _, text in self.messages)

    @cached_property
    def system(self) -> str:
        return self._said_by("system", "developer")

    @cached_property
    def user(self) -> str:
        return self._said_by("user")

    @cached_property
    def items(self) -> dict[str, str]:
        return dict(_ITEM.findall(self.user))

    @cached_property
    def check(self) -> float | None:
        found = _CHECK.search(_ITEM.sub("", self.user))  # an item cannot set the check
        return float(found[1]) if found else None

    def _said_by(self, *roles: str) -> str:
        return "\n".join(text for role, text in self.messages if role in roles)


def _text(content: Any) -> str:
    """A message's text, also when it comes in parts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""
