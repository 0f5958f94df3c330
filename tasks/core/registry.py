"""Functions of one kind, by name: metrics, protocols."""

from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def named(table: dict[str, Function], name: str) -> Callable[[Function], Function]:
    """A decorator that enters a function in the table under `name`."""

    def enter(function: Function) -> Function:
        table[name] = function
        return function

    return enter
