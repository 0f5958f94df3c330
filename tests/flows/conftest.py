"""Where a test types commands."""

from pathlib import Path

import pytest

from tests.support.in_process import Terminal


@pytest.fixture
def terminal(tmp_path: Path, server: str) -> Terminal:
    """Commands on a home of the test's own, in this process."""
    return Terminal(tmp_path / "home", server)
