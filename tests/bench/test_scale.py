"""A run at growing sizes carries on where it was stopped."""

import json

import pytest

from tests.bench import page, scale
from tests.bench.kept import SCALE_FILE
from tests.bench.watched import CommandFailedError

RUN = {
    "seconds": 9.0,
    "peak_mb": 100.0,
    "disk_mb": 1.0,
    "publish_seconds": 0.1,
    "stages": [{"stage": "ingest", "part": "", "seconds": 1.0, "rows": 9, "peak_mb": None}],
}

ALL = [
    *("best home-10000", "best home-10000, after", "paper home-10000", "paper home-10000, after"),
    *("svd 10000", "ease 10000"),
    *("best home-20000", "best home-20000, after", "paper home-20000", "paper home-20000, after"),
    "svd 20000",
]


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The bench with measuring replaced by a note of what was measured."""
    done = []

    def night(home, _command, _option, data, *more):
        rated = len(list((data / "ratings").glob("*")))
        name = f"{'paper' if more else 'best'} {home.name}"
        done.append(f"{name}, after" if rated else name)
        return RUN

    def fit(name, data, _log):
        done.append(f"{name} {data.name.split('-')[1]}")
        return {"stage": name, "seconds": 1.0, "unit": "ratings", "units": 9}

    monkeypatch.setattr(scale, "run_palate", night)
    monkeypatch.setattr(scale, "measured_alone", fit)
    monkeypatch.setattr(scale, "FITS", {"svd": 30_000, "ease": 10_000})
    monkeypatch.setattr(page, "write", lambda _root: None)
    monkeypatch.setenv("BENCH_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SIZES", "20000 10000")
    return done


def kept(folder):
    return json.loads((folder / SCALE_FILE).read_text())["sizes"]


def test_each_size_gets_a_night_and_the_fits_that_it_is_not_too_large_for(bench, tmp_path):
    scale.main(tmp_path)
    assert bench == ALL
    assert kept(tmp_path)["20000"]["night"]["after"]["seconds"] == 9.0
    assert kept(tmp_path)["20000"]["shape"]["users"] == 126
    assert kept(tmp_path)["20000"]["night"]["by_stage"][0]["unit"] == "ratings"


def test_what_is_there_is_not_measured_again_unless_asked_for(bench, monkeypatch, tmp_path):
    scale.main(tmp_path)
    bench.clear()
    scale.main(tmp_path)
    assert bench == []
    monkeypatch.setenv("FRESH", "1")
    monkeypatch.setenv("SIZES", "20000")
    scale.main(tmp_path)
    assert bench == ALL[6:]
    assert "10000" in kept(tmp_path)


def test_a_run_that_was_stopped_carries_on(bench, monkeypatch, tmp_path):
    def stopped(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as until:
        until.setattr(scale, "measured_alone", stopped)
        with pytest.raises(KeyboardInterrupt):
            scale.main(tmp_path)
    assert kept(tmp_path)["10000"]["night"]["seconds"] == 9.0
    scale.main(tmp_path)
    assert bench == ALL


def test_a_night_that_failed_says_why_and_is_tried_again(bench, monkeypatch, tmp_path):
    def failing(*_arguments):
        raise CommandFailedError("ended with -9")

    with monkeypatch.context() as until:
        until.setattr(scale, "run_palate", failing)
        scale.main(tmp_path)
    assert kept(tmp_path)["10000"]["night"] == {"failed": "ended with -9"}
    bench.clear()
    scale.main(tmp_path)
    assert bench == [*ALL[:4], *ALL[6:10]]
