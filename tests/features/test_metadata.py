import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.features.small import CASES, SILENT, assert_is_looped, each_feature, small, values


def genres(known, user, item):
    if not _genres(known, item) or not known.rated[user]:
        return math.nan
    names = {name for one in known.item for name in _genres(known, one)}
    return sum(
        _share(known, item, name)
        * (
            np.mean([_share(known, i, name) for i in known.rated[user]])
            - np.mean([_share(known, i, name) for _, i, _ in known.every])
        )
        for name in names
    )


def _genres(known, item):
    return [name for name in (known.item[item]["genres"] or "").split("|") if name]


def _share(known, item, name):
    names = _genres(known, item)
    return 1 / math.sqrt(len(names)) if name in names else 0.0


LOOPS = {"genres": genres}


@each_feature("metadata")
def test_it_is_what_a_loop_over_the_ratings_gives(name, case):
    assert_is_looped(name, LOOPS[name], case)


def test_it_is_unknown_without_genres_and_without_ratings_and_known_elsewhere():
    case = CASES[1]
    pairs = case.facts()[1].frame
    bare = case.items.filter(pl.col("genres").fill_null("") == "")["item"]
    assert bare.len() == 2
    unknown = pairs["item"].is_in(bare.implode()) | (pairs["user"] == SILENT)
    np.testing.assert_array_equal(np.isnan(values("genres", case)), unknown.to_numpy())


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_catalogue_without_any_genre_tells_nothing(nothing):
    whole = small(0)
    silent = whole.items.with_columns(pl.lit(nothing, pl.String).alias("genres"))
    case = replace(whole, items=silent)
    assert np.isnan(values("genres", case)).all()
