"""The wheel, as somebody without the clone installs it."""

import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest

from tests.support.command import environment
from tests.support.whole_app import app

ROOT = Path(__file__).parents[1]
UV = str(Path(sys.executable).with_name("uv"))


def interpreter(version: str) -> str:
    """One of this version, wherever it lies on this machine; skips where there is none."""
    if version == platform.python_version_tuple()[1]:
        return sys.executable
    words = [UV, "python", "find", "--no-python-downloads", "--no-project", f"3.{version}"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    own = Path("~/.pyenv/versions").expanduser().glob(f"3.{version}.*/bin/python")
    there = [found.stdout.strip()] if not found.returncode else [*map(str, own)]
    if not there:
        pytest.skip(f"needs a Python 3.{version} on this machine")
    return there[0]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["11", "13"])
def test_the_wheel_runs_a_night_outside_the_clone(
    tmp_path: Path, made_up: Path, version: str
) -> None:
    clone = _clean_copy(tmp_path / "clone")
    _do(UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--out-dir", tmp_path, clone)
    (wheel,) = tmp_path.glob("palate-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "sql/schema.sql" in names and "sql/questions/most_recommended.sql" in names
    assert "sql/results/methods.sql" in names and "sql/report/lists.sql" in names
    shown = {f"night/templates/night.{kind}" for kind in ("html.j2", "css", "js")}
    shown |= {"experiments/templates/results.md.j2", "experiments/templates/how-to-read.md.j2"}
    assert {f"tasks/report/{name}" for name in shown} < set(names)
    assert {f"tasks/settings/methods/{name}.toml" for name in ("best", "paper")} < set(names)
    assert not [name for name in names if name.startswith(("tests/", "deployments/"))]

    fresh = tmp_path / "fresh"
    _do(UV, "venv", "--quiet", "--python", interpreter(version), fresh)
    wheels = ["--only-binary", ":all:", "--python", fresh / "bin" / "python"]
    everything = ["--requirement", ROOT / "requirements.lock", "--require-hashes", "--no-deps"]
    _do(UV, "pip", "install", "--quiet", "--dry-run", *wheels, *everything)
    locked = ["--constraint", ROOT / "requirements.lock"]
    _do(UV, "pip", "install", "--quiet", *wheels, *locked, wheel)
    palate = fresh / "bin" / "palate"
    _every_command_helps(palate, tmp_path)
    _what_is_missing_is_named(palate, tmp_path, made_up)
    doctor = _do(palate, "doctor", cwd=tmp_path)
    assert "movielens.pkl" in doctor and "fail" not in doctor, "the data, the embedder are there"
    best = _do(palate, "nightly", "--limit-users", "20", "--data", made_up, cwd=tmp_path)
    assert "20 users served" in best and ".html" in best
    with duckdb.connect(tmp_path / ".palate" / "palate.duckdb", read_only=True) as database:
        assert database.sql("SELECT model, reranker FROM runs").fetchall() == [("ease", "learned")]
        assert database.sql("SELECT count(*) FROM latest_recommendations").fetchall() == [(200,)]


def _every_command_helps(palate: Path, place: Path) -> None:
    for name in (name for name in app if not name.startswith("-")):
        assert "Usage" in _do(palate, name, "--help", cwd=place), name


def _what_is_missing_is_named(palate: Path, place: Path, data: Path) -> None:
    night = ("nightly", "--data", data, "--limit-users", "5")
    for extra, *words in (
        *(("service", command) for command in ("up", "down", "worker")),
        ("local-llm", "llm", "serve"),
        ("dask", *night, "--runner", "dask"),
        ("als", *night, "--model", "als"),
        ("spark", *night, "--model", "spark-als"),
        ("fast", *night, "--model", "svdpp-fast"),
        ("s3", *night, "--home", "s3://bucket/prefix"),
    ):
        done = _run(palate, *words, cwd=place)
        assert done.returncode == 1 and f"palate[{extra}]" in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr


def _clean_copy(target: Path) -> Path:
    for name in ("flows", "tasks", "sql", "deployments", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        target.mkdir(exist_ok=True)
        copy(source, target / name)
    return target


def _do(*command: object, cwd: Path | None = None) -> str:
    done = _run(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    outside = environment()
    for name in ("VIRTUAL_ENV", "PREFECT_API_URL", "PREFECT_HOME", "PYTHONPATH"):
        outside.pop(name, None)
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=outside | {"PATH": f"{Path(sys.executable).parent}:{outside['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
