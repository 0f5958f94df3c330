"""Token counts with the real tokenizer, and a prefix cache as vLLM keeps one."""

from array import array
from collections.abc import Sequence
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

BLOCK = 16
PER_MESSAGE = 4
_MOST_BLOCKS = 1_000_000  # about 100 MB; real caches evict too
_ROLES = ("system", "developer", "user", "assistant", "tool")


class Tokens:
    """Counts texts; remembers which prefixes it has seen."""

    def __init__(self) -> None:
        encode = _tokenizer().encode
        self._seen: set[int] = set()
        # Few entries: system prompts repeat, the other messages hardly do.
        self._ids = lru_cache(maxsize=256)(lambda text: array("i", encode(_clean(text))))

    def count(self, text: str) -> int:
        return len(self._ids(text))

    def first(self, text: str, most: int) -> str:
        """As much of the text as fits into so many tokens."""
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.count(text[:middle]) <= most else (low, middle - 1)
        return text[:low]

    def sequence(self, messages: Sequence[tuple[str, str]]) -> "array[int]":
        """A prompt's tokens; each message starts with markers that say who speaks."""
        whole = array("i")
        for role, text in messages:
            whole.extend([-1 - (_ROLES.index(role) if role in _ROLES else 9)] * PER_MESSAGE)
            whole.extend(self._ids(text))
        return whole

    def cached(self, model: str, sequence: "array[int]") -> int:
        """How many of these tokens the cache spares, which knows them all from now on."""
        if len(self._seen) > _MOST_BLOCKS:
            self._seen.clear()
        raw, width = sequence.tobytes(), BLOCK * sequence.itemsize
        chain, known = hash(model), 0
        for start in range(0, len(raw) - width + 1, width):
            chain = hash((chain, raw[start : start + width]))
            known += chain in self._seen
            self._seen.add(chain)
        # The last token is always computed, or there would be nothing to continue from.
        return min(known, (len(sequence) - 1) // BLOCK) * BLOCK


def _tokenizer() -> Any:
    """What `bpe_openai.get_encoding` wraps, without the package around it.

    That parses the vocabularies of all encodings on import, which would be three quarters of the
    time that a server takes to start.
    """
    package = find_spec("bpe_openai")
    assert package
    binding = PathFinder.find_spec("_bindings", package.submodule_search_locations)
    assert binding and binding.loader
    module = module_from_spec(binding)
    binding.loader.exec_module(module)
    return module.tokenizer_for_encoding("o200k_base")


def _clean(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
