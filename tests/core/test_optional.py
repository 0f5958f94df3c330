import sys

import pytest

from tasks.core.errors import PalateError
from tasks.core.optional import require
from tests.support.in_process import run_here


def test_what_is_missing_is_named_with_what_installs_it() -> None:
    require("json", "none", "nobody")
    with pytest.raises(PalateError, match="Night needs the package no_such") as error:
        require("no_such", "extra", "Night")
    assert "pip install 'palate[extra]'" in error.value.fix


@pytest.mark.parametrize("command", ["up", "down", "worker"])
def test_commands_of_the_service_name_their_extra(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    done = run_here(command)
    assert done.returncode == 1 and "palate[service]" in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 2
