import os
import subprocess
import sys
from pathlib import Path

import psutil

from flows.doctor.services import check_service
from flows.service.state import Installation, Started, write_state
from tasks.settings.settings import Settings


def test_nothing_is_said_where_nothing_stands(tmp_path: Path) -> None:
    assert check_service(Settings(home=tmp_path)) == []


def test_what_ended_is_named_and_what_runs_is_not(tmp_path: Path) -> None:
    me = Started(pid=os.getpid(), started=psutil.Process().create_time())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    dead = Started(pid=child.pid, started=psutil.Process(child.pid).create_time())
    write_state(
        tmp_path, Installation(project=tmp_path, port=1, processes={"server": me, "worker": dead})
    )
    assert [one.status for one in check_service(Settings(home=tmp_path))] == ["ok"]
    child.communicate(b"")
    (finding,) = check_service(Settings(home=tmp_path))
    assert (
        finding.status == "fail" and "worker ended" in finding.what and "server" not in finding.what
    )
    assert "palate up" in finding.fix
