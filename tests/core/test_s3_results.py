import threading

import pytest

from tasks.core import s3
from tasks.core.errors import StoreError
from tasks.core.homes import home_of
from tasks.store import warehouse
from tasks.store.query import query
from tasks.store.warehouse import database_file, has_results, is_published, publish
from tests.store.rows import a_run
from tests.support.s3 import HOME, keys, machine

RUNS = "SELECT run_id FROM runs ORDER BY 1"


@pytest.fixture
def homes(bucket, monkeypatch, tmp_path):
    """Mirrors of one home, on two machines."""
    here, there = (machine(monkeypatch, tmp_path / name) for name in ("b", "a"))
    return here, there


def runs(home):
    return query(home, RUNS)["run_id"].to_list()


def others_publish_before_each_upload(monkeypatch, home, names):
    """Someone publishes a run on the other machine while one is being added to a copy."""
    append, left = warehouse._append, list(names)

    def slow(file, tables, keep_nights):
        if left and file.parent != home:
            publish(home, a_run(left.pop(0)))
        append(file, tables, keep_nights)

    monkeypatch.setattr(warehouse, "_append", slow)


def test_before_the_first_run_there_is_nothing_and_then_everybody_sees_it(homes):
    here, there = homes
    assert not has_results(here) and not is_published(there, "run-1")
    with pytest.raises(StoreError, match=f"{HOME}: there are no results"):
        runs(here)
    publish(here, a_run("run-1"))
    assert is_published(there, "run-1") and runs(here) == runs(there) == ["run-1"]
    assert keys("team") == ["palate.duckdb"]


def test_readers_see_the_newest_file_and_fetch_it_once(homes, monkeypatch):
    here, there = homes
    fetched: list[str] = []
    download = s3._download

    def counted(system, remote, private):
        fetched.append(remote)
        return download(system, remote, private)

    monkeypatch.setattr(s3, "_download", counted)
    publish(here, a_run("run-1"))
    assert (runs(there), runs(there), runs(here)) == (["run-1"],) * 3 and len(fetched) == 1
    publish(there, a_run("run-2"))
    assert runs(here) == ["run-1", "run-2"] and len(fetched) == 2


@pytest.mark.parametrize("already", [[], ["run-0"]])
def test_who_was_slower_adds_to_what_was_published_meanwhile(homes, monkeypatch, already):
    here, there = homes
    for run in already:
        publish(here, a_run(run))
    others_publish_before_each_upload(monkeypatch, there, ["run-1"])
    publish(here, a_run("run-2"))
    assert runs(here) == runs(there) == [*already, "run-1", "run-2"]


def test_who_is_slower_every_time_gives_up_and_erases_nothing(homes, monkeypatch):
    here, there = homes
    monkeypatch.setattr(s3, "TRIES", 2)
    others_publish_before_each_upload(monkeypatch, there, ["run-1", "run-2", "run-3"])
    with pytest.raises(StoreError, match="2 times in a row"):
        publish(here, a_run("run-4"))
    assert runs(there) == ["run-1", "run-2"]
    assert not [file for file in here.iterdir() if ".next" in file.name or ".tmp" in file.name]


def test_a_run_whose_upload_was_not_acknowledged_is_not_added_twice(homes, monkeypatch):
    here, there = homes
    replace = s3.S3._replace
    monkeypatch.setattr(s3.S3, "_replace", lambda *given: replace(*given) and None)
    publish(here, a_run("run-1"))
    assert runs(there) == ["run-1"]


def test_machines_that_publish_at_once_lose_no_run(homes, monkeypatch, tmp_path):
    mirrors = [*homes, machine(monkeypatch, tmp_path / "c")]
    threads = [
        threading.Thread(target=publish, args=(home, a_run(f"run-{place}")))
        for place, home in enumerate(mirrors)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert runs(home_of(HOME)) == ["run-0", "run-1", "run-2"]


def test_a_run_that_cannot_be_added_leaves_what_is_published(homes):
    here, there = homes
    publish(here, a_run("run-1"))
    with pytest.raises(StoreError, match="could not be added"):
        publish(there, a_run("run-1"))
    assert runs(here) == ["run-1"]


def test_a_torn_mirror_is_fetched_again(homes):
    here, there = homes
    publish(here, a_run("run-1"))
    assert has_results(there)
    (there / "palate.duckdb.etag").unlink()  # killed between the file and the note of its version
    database_file(there).write_bytes(b"of another version")
    assert runs(there) == ["run-1"]
