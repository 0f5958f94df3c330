import subprocess
import sys

import pytest

from tasks.core.lock import HomeInUseError, alone, in_use

HOLDER = """
import sys, time
from pathlib import Path
from tasks.core.lock import in_use
with in_use(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_commands_work_side_by_side_and_nobody_removes_files_meanwhile(tmp_path):
    home, refused = tmp_path / "home", pytest.raises(HomeInUseError, match="nothing was removed")
    with in_use(home), in_use(home), refused, alone(home):
        pass
    with alone(home):
        pass


def test_a_killed_command_holds_nothing(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout and holder.stdout.readline() == "held\n"
    with pytest.raises(HomeInUseError), alone(tmp_path):
        pass
    holder.kill()
    holder.wait()
    with alone(tmp_path):
        pass
