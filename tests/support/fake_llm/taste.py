"""A model that knows what some people rated, held out or not, and says so with noise; or nothing.

People are recognised by the titles that a prompt says they rated highest.
"""

import hashlib
import json
import re
from pathlib import Path

import polars as pl

from tests.support.fake_llm.answers import title_of
from tests.support.fake_llm.prompt import Prompt

FAVOURITES = re.compile(r"^Rated highest: (.*)$", re.MULTILINE)
RATING = re.compile(r" [0-9.]+$")


class Taste:
    """`file`: a JSON object of people's ratings by title. `noise`: 0 is sure, 1 knows nothing."""

    def __init__(self, file: Path, noise: float) -> None:
        self._people: list[dict[str, float]] = list(json.loads(file.read_text()).values())
        self._noise = noise

    def scores(self, prompt: Prompt) -> dict[str, float]:
        """By key, multiples of 0.1 in [-1, 1]."""
        line = FAVOURITES.search(prompt.user)
        liked = {RATING.sub("", one) for one in line[1].split("; ")} if line else set()
        mine = max(self._people, key=lambda ratings: len(liked & ratings.keys()))
        block = prompt.user.split("<items")[0]
        return {key: self._score(mine, block, text) for key, text in prompt.items.items()}

    def _score(self, mine: dict[str, float], block: str, text: str) -> float:
        digest = hashlib.sha256(f"{block}{text}".encode()).digest()
        chance = int.from_bytes(digest[:4]) / 2**31 - 1
        known = (mine.get(title_of(text), 2.5) - 3.0) / 2.0
        return max(-1.0, min(1.0, round(self._noise * chance + (1 - self._noise) * known, 1)))


def write_taste(folder: Path, file: Path) -> Path:
    """What the people of a generic data set rated, as `Taste` reads it."""
    ratings = pl.read_parquet(folder / "ratings.parquet")
    titled = ratings.join(pl.read_parquet(folder / "items.parquet"), on="item")
    people: dict[str, dict[str, float]] = {}
    for user, title, rating in titled.select("user", "title", "rating").iter_rows():
        people.setdefault(str(user), {})[title] = rating
    file.write_text(json.dumps(people))
    return file
