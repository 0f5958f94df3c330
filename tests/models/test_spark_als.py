"""Vectors by Spark. What starts a JVM is slow, and skips without pyspark or Java."""

import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import psutil
import pytest

from tasks.core.errors import ServiceError, SettingsError
from tasks.models.base import Training
from tasks.models.baselines.spark_als import SparkAls
from tasks.models.spark_session import address, cause_of, check_installed, session, spark_settings
from tests.models import SCALE, synthetic

OPTIONS = {"factors": 4, "regularization": 0.05, "alpha": 3.0, "iterations": 2}
ROOT = Path(__file__).parents[2]


def starts_jvm(test):
    """Mark a test that needs Spark."""
    package = find_spec("pyspark")  # a folder that an uninstall leaves has no origin
    absent = [] if package and package.origin else ["pyspark"]
    absent += [] if shutil.which("java") or os.environ.get("JAVA_HOME") else ["Java"]
    skip = pytest.mark.skipif(bool(absent), reason=f"needs {' and '.join(absent)}")
    return pytest.mark.slow(skip(test))


def factors_of(users, items, user_factors, item_factors):
    return SparkAls(
        users=np.array(users),
        items=np.array(items),
        options=OPTIONS,
        mean=np.asarray(0.0),
        user_bias=np.zeros(len(users)),
        item_bias=np.zeros(len(items)),
        user_factors=np.asarray(user_factors, np.float32),
        item_factors=np.asarray(item_factors, np.float32),
    )


def fit(home, ratings, seed):
    return SparkAls.fit(Training(ratings, SCALE, seed, OPTIONS, home))


@pytest.fixture
def ratings(tmp_path):
    file = tmp_path / "with space [1]" / "ratings.parquet"
    file.parent.mkdir()
    synthetic("text").write_parquet(file)
    return file


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setenv("JAVA_HOME", "")


def test_without_pyspark_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(SettingsError, match=r"needs the package pyspark.*palate\[spark\]"):
        check_installed()


@pytest.mark.parametrize("where", ["PATH", "JAVA_HOME"])
def test_without_java_it_says_what_to_install(installed, monkeypatch, tmp_path, where):
    monkeypatch.setenv(where, str(tmp_path))
    with pytest.raises(SettingsError, match=r"needs Java.*Java 17.*JAVA_HOME"):
        check_installed()


def test_nothing_is_asked_for_where_all_is_there(installed, monkeypatch, tmp_path):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    check_installed()


def test_on_this_machine_spark_is_heard_by_nobody_else_and_shows_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("SPARK_MASTER", raising=False)
    monkeypatch.delenv("SPARK_DRIVER_MEMORY", raising=False)
    found = spark_settings(tmp_path)
    assert found["spark.master"] == "local[*]" and found["spark.driver.memory"] == "4g"
    assert found["spark.driver.host"] == found["spark.driver.bindAddress"] == "127.0.0.1"
    assert found["spark.local.dir"] == str(tmp_path) and found["spark.ui.enabled"] == "false"


def test_a_master_elsewhere_can_reach_the_driver(monkeypatch, tmp_path):
    monkeypatch.setenv("SPARK_MASTER", "spark://there:7077")
    monkeypatch.setenv("SPARK_DRIVER_MEMORY", "9g")
    found = spark_settings(tmp_path)
    assert found["spark.master"] == "spark://there:7077" and found["spark.driver.memory"] == "9g"
    assert not {"spark.driver.host", "spark.driver.bindAddress"} & set(found)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("An error\n: a.B: it broke\nCaused by: c.D: heap\n at x\n", "Caused by: c.D: heap"),
        ("An error.\n: org.SparkException: no room\n\tat x", "org.SparkException: no room"),
        ("Answer from Java side is empty", "Answer from Java side is empty"),
        ("", "it did not say why"),
    ],
)
def test_of_a_java_stack_trace_the_line_is_told_that_says_most(said, cause):
    assert cause_of(said) == cause


def test_a_path_is_a_file_to_spark_and_no_pattern():
    assert address(Path("/a b/[x]*.parquet")) == r"file:/a b/\[x\]\*.parquet"


def test_a_user_is_folded_in_with_sparks_regularization_which_counts_per_rating():
    y = np.random.default_rng(2).normal(size=(9, 3))
    model = factors_of([1], range(9), np.zeros((1, 3)), y)
    mine = pl.DataFrame({"user": [5] * 4, "item": [0, 2, 3, 8], "rating": [1.0, 5.0, 2.0, 3.0]})
    users = pl.Series("user", [5, 6])
    folded: Any = model.fold_in(mine, users)
    own = model.item_factors.astype(float)[[0, 2, 3, 8]]
    y = model.item_factors.astype(float)
    left = y.T @ y + 3.0 * own.T @ own + 4 * 0.05 * np.eye(3)
    expected = np.linalg.solve(left, 4.0 * own.sum(axis=0))
    np.testing.assert_allclose(folded.user_factors, [expected, np.zeros(3)], atol=1e-12)


@starts_jvm
def test_the_vectors_solve_sparks_least_squares_and_the_seed_decides_them(ratings, tmp_path):
    """Hu, Koren & Volinsky 2008, equation 4, with lambda times the number of ratings."""
    model = fit(tmp_path, ratings, 1)
    given = synthetic("text")
    assert model.users.tolist() == given["user"].unique().sort().to_list()
    assert model.items.tolist() == given["item"].unique().sort().to_list()
    everybody = pl.Series("user", model.users.tolist())
    folded: Any = model.fold_in(given, everybody)
    np.testing.assert_allclose(model.user_factors, folded.user_factors, atol=1e-4)
    again, other = (fit(tmp_path, ratings, seed) for seed in (1, 2))
    np.testing.assert_allclose(again.user_factors, model.user_factors, atol=1e-6)
    assert not np.allclose(other.user_factors, model.user_factors)
    assert [file.name for file in tmp_path.iterdir()] == [ratings.parent.name]


@starts_jvm
def test_a_jvm_listens_to_this_machine_alone_and_is_gone_with_its_stage(tmp_path):
    with session(tmp_path):
        jvm = java_below(os.getpid())
        heard = [one.laddr.ip for one in jvm.net_connections() if one.status == "LISTEN"]
        assert heard and {ip.removeprefix("::ffff:") for ip in heard} <= {"127.0.0.1", "::1"}
    assert not jvm.is_running()
    assert not list(tmp_path.iterdir())


@starts_jvm
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_jvm_is_gone_when_its_process_is_killed(tmp_path, how):
    program = (
        "import sys, time; from pathlib import Path; from tasks.models.spark_session import session"
        "\nwith session(Path(sys.argv[1])): print('up', flush=True); time.sleep(300)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout and process.stdout.readline() == b"up\n"
    jvm = java_below(process.pid)
    process.send_signal(how)
    process.wait(60)
    psutil.wait_procs([jvm], timeout=30)
    assert not jvm.is_running()


@starts_jvm
def test_what_spark_fails_with_is_told_in_a_line(tmp_path):
    with pytest.raises(ServiceError, match=r"Spark failed: .*PATH_NOT_FOUND.* SPARK_DRIVER_MEMORY"):
        fit(tmp_path, tmp_path / "nothing.parquet", 0)


@starts_jvm
def test_a_jvm_that_dies_is_told_of_and_the_next_session_has_another(tmp_path):
    with (
        pytest.raises(ServiceError, match=r"Spark failed.* SPARK_MASTER"),
        session(tmp_path) as one,
    ):
        java_below(os.getpid()).kill()
        one.sql.range(3).count()
    with session(tmp_path) as another:
        assert another.sql.range(3).count() == 3


@starts_jvm
def test_a_java_that_does_not_start_is_told_with_what_it_said(tmp_path, monkeypatch):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'java.lang.UnsupportedClassVersionError: 61' >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=r"does not start Spark: .*UnsupportedClassVersion"):
        fit(tmp_path, tmp_path / "ratings.parquet", 0)


def java_below(pid):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [
            one for one in psutil.Process(pid).children(recursive=True) if one.name() == "java"
        ]
        if found:
            return found[0]
        time.sleep(0.1)
    raise TimeoutError("no JVM")
