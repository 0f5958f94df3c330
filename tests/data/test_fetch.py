"""Fetching a data set: what arrives is kept, checked, and compared with what came first."""

import io
import socket
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.core.errors import DownloadError
from tasks.core.files import sha256_of
from tasks.data.catalogue import Download, fetch
from tests.data.conftest import MOVIELENS

FILES = {name: str(text) for name, text in MOVIELENS.items()}


def zipped(files: dict[str, str]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"tiny/{name}", text)
    return whole.getvalue()


@contextmanager
def serving(handler: Any):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tiny.zip"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def site(tmp_path):
    """A server of tiny.zip: `zip` is the file served, `requests` what was asked for."""
    root: Path = tmp_path / "site"
    root.mkdir()
    (root / "tiny.zip").write_bytes(zipped(FILES))
    requests: list[object] = []

    def handle(*connection):
        requests.append(connection)
        return SimpleHTTPRequestHandler(*connection, directory=str(root))

    with serving(handle) as url:
        wanted = Download("tiny", url, {"ratings.csv": 3, "movies.csv": 2}, users=2)
        yield SimpleNamespace(zip=root / "tiny.zip", requests=requests, wanted=wanted)


def kept(home):
    return home / "downloads" / "tiny.zip", home / "downloads" / "tiny.sha256"


def test_the_first_arrival_is_unpacked_and_its_sha256_recorded(site, home):
    folder = fetch(site.wanted, home)
    assert {file.name: file.read_text() for file in folder.iterdir()} == FILES
    archive, record = kept(home)
    assert record.read_text().strip() == sha256_of(site.zip) == sha256_of(archive)
    assert len(site.requests) == 1


def test_the_second_time_nothing_is_requested(site, home):
    folder = fetch(site.wanted, home)
    assert fetch(site.wanted, home) == folder
    assert len(site.requests) == 1


def test_a_lost_file_is_unpacked_again_without_a_request(site, home):
    folder = fetch(site.wanted, home)
    (folder / "movies.csv").unlink()
    fetch(site.wanted, home)
    assert (folder / "movies.csv").read_text() == FILES["movies.csv"]
    assert len(site.requests) == 1


def test_a_zip_that_differs_from_the_recorded_sha256_is_refused(site, home):
    fetch(site.wanted, home)
    archive, record = kept(home)
    archive.write_bytes(archive.read_bytes() + b"more")
    with pytest.raises(DownloadError, match="sha256") as caught:
        fetch(site.wanted, home)
    assert record.read_text().strip() in caught.value.what
    assert sha256_of(archive) in caught.value.what


def test_a_new_edition_from_the_server_is_refused_too(site, home):
    fetch(site.wanted, home)
    kept(home)[0].unlink()
    site.zip.write_bytes(zipped(FILES | {"ratings.csv": FILES["ratings.csv"] + "2,20,1.0,9\n"}))
    with pytest.raises(DownloadError, match="sha256"):
        fetch(site.wanted, home)


def test_a_new_edition_is_unpacked_once_zip_and_record_are_deleted(site, home):
    fetch(site.wanted, home)
    for file in kept(home):
        file.unlink()
    edition = FILES | {"ratings.csv": FILES["ratings.csv"].replace("3.5", "1.5")}
    site.zip.write_bytes(zipped(edition))
    assert (fetch(site.wanted, home) / "ratings.csv").read_text() == edition["ratings.csv"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"records": {"ratings.csv": 4}}, "ratings.csv holds 3 records instead of 4"),
        ({"records": {"movies.csv": 1}}, "movies.csv holds 2 records instead of 1"),
        ({"users": 3}, "holds 2 users instead of 3"),
        ({"records": {"links.csv": 2}}, "not the expected zip"),
    ],
    ids=["too few", "too many", "users", "file not in the zip"],
)
def test_what_does_not_hold_what_it_must_is_refused_and_removed(site, home, change, says):
    with pytest.raises(DownloadError, match=says) as caught:
        fetch(replace(site.wanted, **change), home)
    assert "--data" in caught.value.fix
    archive, record = kept(home)
    assert not archive.exists()
    assert not record.exists()


def test_the_right_zip_is_accepted_after_a_wrong_one_was_refused(site, home):
    right = site.zip.read_bytes()
    site.zip.write_bytes(zipped(FILES | {"ratings.csv": "userId,movieId,rating,timestamp\n"}))
    with pytest.raises(DownloadError):
        fetch(site.wanted, home)
    site.zip.write_bytes(right)
    assert (fetch(site.wanted, home) / "ratings.csv").read_text() == FILES["ratings.csv"]


def test_windows_line_endings_count_the_same(site, home):
    windows = {name: text.replace("\n", "\r\n") for name, text in FILES.items()}
    site.zip.write_bytes(zipped(windows))
    folder = fetch(site.wanted, home)
    assert (folder / "movies.csv").read_bytes().decode() == windows["movies.csv"]


def test_a_page_in_place_of_the_zip_is_refused_and_removed(site, home):
    site.zip.write_text("<html>Please log in</html>")
    with pytest.raises(DownloadError, match="not the expected zip"):
        fetch(site.wanted, home)
    assert not kept(home)[0].exists()


def test_a_damaged_zip_is_refused_and_removed(site, home):
    damaged = bytearray(zipped(FILES))
    start = damaged.index(b"ratings.csv") + len("ratings.csv")
    damaged[start : start + 8] = b"\xff" * 8
    site.zip.write_bytes(bytes(damaged))
    with pytest.raises(DownloadError, match="not the expected zip"):
        fetch(site.wanted, home)
    assert not kept(home)[0].exists()


def test_a_file_that_the_server_lacks_is_a_download_error(site, home):
    site.zip.unlink()
    with pytest.raises(DownloadError, match="could not be downloaded") as caught:
        fetch(site.wanted, home)
    assert "--data" in caught.value.fix


def test_a_connection_that_breaks_off_leaves_no_archive(site, home):
    def break_off(connection, *_):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nPK")

    with serving(break_off) as url, pytest.raises(DownloadError, match="could not be downloaded"):
        fetch(replace(site.wanted, url=url), home)
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_without_a_server_the_error_points_to_data(home):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/tiny.zip"
        with pytest.raises(DownloadError, match="could not be downloaded") as caught:
            fetch(Download("tiny", url, {"ratings.csv": 3}, users=2), home)
    assert url in caught.value.what
    assert "--data" in caught.value.fix
    assert not [path for path in home.rglob("*") if path.is_file()]
