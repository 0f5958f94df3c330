"""The catalogue that metrics see, from train ratings."""

from tasks.evaluation.beyond import Catalogue, catalogue_of
from tasks.models.candidates import count_ratings


def catalogue_from(items, train) -> Catalogue:
    """The catalogue as these train ratings make it."""
    return catalogue_of(items, count_ratings(train.lazy()), train["user"].n_unique())
