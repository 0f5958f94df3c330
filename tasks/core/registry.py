"""Functions of one kind, by name: metrics, protocols."""

from collections.abc import Callable
from typing import Generic, TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


class Registry(dict[str, Function], Generic[Function]):
    """Functions by the name under which they are asked for, or their values shown."""

    def named(self, name: str) -> Callable[[Function], Function]:
        """A decorator that enters a function under `name`."""

        def enter(function: Function) -> Function:
            self[name] = function
            return function

        return enter
