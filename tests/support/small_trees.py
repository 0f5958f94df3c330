"""Trees that small tables are enough for."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from threadpoolctl import threadpool_limits

from tasks.ranking import trees


@contextmanager
def small_trees() -> Iterator[None]:
    """Few and small, in one thread: threads that wait for each other take seconds beside others."""
    pytest.importorskip("lightgbm")
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):
        patch.setattr(trees, "MOST_TREES", 60)
        patch.setitem(trees.SHAPE, "min_data_in_leaf", 20)
        patch.setitem(trees.QUIET, "num_threads", 1)
        yield
