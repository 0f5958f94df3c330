"""implicit: `model.recommend` for all users at once, from the same factors."""

from importlib.metadata import version

import polars as pl
from scipy.sparse import csr_matrix

from tasks.core.vocabulary import ITEM, USER
from tasks.models.candidates import top_candidates
from tasks.models.interactions import interactions_of
from tests.bench.given import COUNT, SEED, Given
from tests.bench.peers import TIMES, Compared
from tests.bench.timing import in_turn


def compare(given: Given) -> Compared:
    """Candidates for everybody from als factors; its filter leaves out what was rated."""
    from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 - an extra

    factors, users = given.als, given.users
    model = AlternatingLeastSquares(factors=factors.item_factors.shape[1], num_threads=1)
    model.user_factors, model.item_factors = factors.user_factors, factors.item_factors
    rated = csr_matrix(interactions_of(given.train)[2])
    places = pl.Series(factors.users.tolist()).index_of  # ids are sorted: a place per user
    rows = [places(user) for user in users]
    (ours, found), (theirs, (ids, _)) = in_turn(
        TIMES,
        lambda: top_candidates(factors, given.train, users, COUNT, SEED),
        lambda: model.recommend(rows, rated[rows], COUNT, filter_already_liked_items=True),
    )
    listed = pl.DataFrame(
        {
            USER: users.gather([row for row in range(len(users)) for _ in range(COUNT)]),
            ITEM: factors.items[ids.ravel()].tolist(),
        }
    )
    alike = found.join(listed, on=[USER, ITEM], how="semi").height / found.height
    return Compared(
        step="candidates, als",
        peer="implicit's recommend",
        version=version("implicit"),
        ours=ours,
        theirs=theirs,
        users=len(users),
        agree=f"{alike:.2%} of candidates the same",
    )
