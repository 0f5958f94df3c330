import json
from pathlib import Path

import pytest

from flows.doctor.examine import CHECKS, Examine, examine
from flows.doctor.finding import ok, warn
from tasks.core.errors import StoreError
from tasks.settings.settings import Settings
from tests.support.in_process import run_here


def check_broken(_settings: Settings):
    raise StoreError("The file is not whole.", "Restore it.")


def check_odd(_settings: Settings):
    raise ImportError("libonnx.so: sk-secret")


def check_fine(_settings: Settings):
    return [ok("fine", "all is well")]


def only(monkeypatch: pytest.MonkeyPatch, *checks: Examine) -> None:
    monkeypatch.setattr("flows.doctor.examine.examine", lambda settings: examine(settings, checks))


def test_a_check_that_breaks_is_a_finding_and_the_others_still_run() -> None:
    broken, odd, fine = examine(Settings(), [check_broken, check_odd, check_fine])
    assert (broken.check, broken.status, broken.fix) == ("broken", "fail", "Restore it.")
    assert odd.status == "fail" and "ImportError" in odd.what and "secret" not in str(odd)
    assert fine.status == "ok"


def test_every_check_is_of_another_thing() -> None:
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS) == 19


def test_doctor_prints_each_finding_with_what_to_do_and_fails_on_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, check_broken, check_fine)
    done = run_here("doctor", "--home", tmp_path)
    assert done.returncode == 1
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][:2] == ["fail", "broken"] and lines[1] == ["Restore", "it."]
    assert lines[2] == ["ok", "fine", "all", "is", "well"]


def test_doctor_gives_json_and_succeeds_with_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, check_fine, lambda _: [warn("disk", "[little] room", "palate gc")])
    done = run_here("doctor", "--json", "--home", tmp_path)
    assert done.returncode == 0
    assert [one["status"] for one in json.loads(done.stdout)] == ["ok", "warn"]
    assert "[little] room" in run_here("doctor", "--home", tmp_path).stdout
