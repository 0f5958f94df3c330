"""Which cells a declared comparison compares."""

from decimal import Decimal

import pytest

from tasks.core.vocabulary import Artifact, DatasetInfo
from tasks.evaluation.cell import Cell, CellResult, Declared, Figures, pairs
from tasks.evaluation.labels import distinct
from tasks.settings.sources import CellOptions

NOTHING = Artifact(path="nothing", sha256="", rows=0)
FIGURES = Figures(
    dataset=DatasetInfo(
        name="films",
        noun="film",
        noun_plural="films",
        scale=(1, 5),
        relevant_at=4,
        source="tests",
        terms="none",
    ),
    users=1,
    skipped={},
    measured={},
    metrics=NOTHING,
    examples=NOTHING,
    base_seconds=0.0,
    rerank_seconds=0.0,
    dollars=Decimal(0),
)
WHAT = Declared(of="one", against="other", says="what one adds")


def cell(label, **given):
    return Cell(label=label, settings=CellOptions(**given).settings())


def compared(*cells, declared=WHAT, without=()):
    """The labels and models of what is compared; `without`: places of cells that did not run."""
    named = distinct(cells)
    results = [
        CellResult(cell=one, status="not run")
        if place in without
        else CellResult(cell=one, status="run", figures=FIGURES)
        for place, one in enumerate(named)
    ]
    return [
        tuple(f"{named[place].label} {named[place].settings.method.model}" for place in pair)
        for pair in pairs(results, declared)
    ]


def test_cells_are_compared_on_the_same_splits():
    cells = [
        cell(label, protocol=protocol, seed=seed)
        for label in ("one", "other")
        for protocol, seed in (("loo", 0), ("split", 0))
    ]
    assert compared(*cells) == [("one svd", "other svd")] * 2
    for given in ({"protocol": "user-split"}, {"seed": 1}, {"limit_users": 5}, {"data": "books"}):
        assert compared(cell("one"), cell("other", **given)) == []


def test_of_several_the_one_of_the_same_model_is_taken_or_else_all():
    ours = [cell("one", model=model) for model in ("svd", "ease")]
    same = [cell("other", model=model) for model in ("svd", "ease", "knn")]
    assert compared(*ours, *same) == [("one svd", "other svd"), ("one ease", "other ease")]
    others = [cell("other", model=model) for model in ("als", "knn")]
    assert compared(ours[0], *others) == [("one svd", "other als"), ("one svd", "other knn")]


def test_variants_are_compared_with_their_like():
    cells = [
        cell(label, reranker=reranker, weights={"similarity": float(label == "one")})
        for label in ("one", "other")
        for reranker in ("weighted", "rrf")
    ]
    assert compared(*cells) == [
        (f"one, reranker {reranker} svd", f"other, reranker {reranker} svd")
        for reranker in ("weighted", "rrf")
    ]


def test_a_cell_that_does_not_vary_is_compared_with_all_variants():
    variants = [cell("one", diversity=share) for share in (0.1, 0.2)]
    assert compared(*variants, cell("other")) == [
        ("one, diversity 0.1 svd", "other svd"),
        ("one, diversity 0.2 svd", "other svd"),
    ]
    only = Declared(of="one, diversity 0.2", against="other", says="what it costs")
    assert compared(*variants, cell("other"), declared=only) == [
        ("one, diversity 0.2 svd", "other svd")
    ]


@pytest.mark.parametrize("place", [0, 1])
def test_a_cell_without_figures_is_compared_with_nothing(place):
    assert compared(cell("one"), cell("other"), without=(place,)) == []
