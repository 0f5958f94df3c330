"""The peak of memory counts from when it was last forgotten."""

import sys

import numpy as np
import pytest

from tasks.core.memory import forget_peak, peak_mb

MB = 1 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_was_freed_before_does_not_count():
    forget_peak()
    before = peak_mb()
    large = np.ones(200 * MB, dtype=np.uint8)
    with_it = peak_mb()
    del large
    forget_peak()
    after = peak_mb()
    assert before is not None and with_it is not None and after is not None
    assert with_it > before + 150
    assert after < with_it - 150
