import pytest

from tests.support.small_trees import small_trees


@pytest.fixture(scope="module", name="small_trees")
def _small_trees():
    with small_trees():
        yield
