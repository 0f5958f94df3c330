"""A fake TMDB per test, small catalogues, and judges and writers that remember what they saw."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from tasks.core.vocabulary import ITEM
from tasks.data.columns import ITEM_COLUMNS
from tasks.data.enriching.cached import CachedTmdb
from tasks.data.enriching.tmdb import TmdbPace
from tests.support.fake_tmdb import V3, FakeTmdb, fake_tmdb

QUICK = TmdbPace(rate=1000, attempts=3, deadline=5, first_wait=0.01, longest_wait=2)
SCHEMA: dict[str, pl.DataType] = {ITEM: pl.Int64(), **ITEM_COLUMNS}


def catalogue(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(SCHEMA) | row for row in rows], schema=SCHEMA)


def client(
    home: Path, fake: FakeTmdb, key: str = V3, pace: TmdbPace = QUICK, **more: object
) -> CachedTmdb:
    return CachedTmdb(home, fake.url, SecretStr(key), pace, **more)  # type: ignore[arg-type]


class Asked:
    """Answers blocks of text with a function, and keeps them."""

    def __init__(self, answer: Callable[[str], str | None]) -> None:
        self.answer = answer
        self.blocks: list[str] = []

    def __call__(self, blocks: Sequence[str]) -> list[str | None]:
        self.blocks += blocks
        return [self.answer(block) for block in blocks]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., FakeTmdb]]:
    """Start a fake TMDB with these movies and faults."""
    with ExitStack() as stack:
        yield lambda *movies, **how: stack.enter_context(
            fake_tmdb(tmp_path / "tmdb", movies, **how)
        )
