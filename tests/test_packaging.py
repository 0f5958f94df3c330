"""The wheel, as somebody without the clone installs it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest

from tests.support.command import environment

ROOT = Path(__file__).parents[1]
UV = str(Path(sys.executable).with_name("uv"))


@pytest.mark.slow
def test_the_wheel_runs_a_night_outside_the_clone(tmp_path: Path, made_up: Path) -> None:
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
    _do(UV, "venv", "--quiet", "--python", sys.executable, fresh)
    locked = ["--constraint", ROOT / "requirements.lock"]
    _do(UV, "pip", "install", "--quiet", "--python", fresh / "bin" / "python", *locked, wheel)
    palate = fresh / "bin" / "palate"
    doctor = _do(palate, "doctor", cwd=tmp_path)
    assert "movielens.pkl" in doctor and "fail" not in doctor, "the data, the embedder are there"
    best = _do(palate, "nightly", "--limit-users", "20", "--data", made_up, cwd=tmp_path)
    assert "20 users served" in best and ".html" in best
    with duckdb.connect(tmp_path / ".palate" / "palate.duckdb", read_only=True) as database:
        assert database.sql("SELECT model, reranker FROM runs").fetchall() == [("ease", "learned")]
        assert database.sql("SELECT count(*) FROM latest_recommendations").fetchall() == [(200,)]


def _clean_copy(target: Path) -> Path:
    for name in ("flows", "tasks", "sql", "deployments", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        target.mkdir(exist_ok=True)
        copy(source, target / name)
    return target


def _do(*command: object, cwd: Path | None = None) -> str:
    outside = environment()
    for name in ("VIRTUAL_ENV", "PREFECT_API_URL", "PREFECT_HOME", "PYTHONPATH"):
        outside.pop(name, None)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=outside | {"PATH": f"{Path(sys.executable).parent}:{outside['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
