"""A Spark session for one task: started in a JVM of its own, which is gone with the task."""

import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, NamedTuple

import polars as pl

from tasks.core.errors import ServiceError, SettingsError

LOOPBACK = "127.0.0.1"
MASTER, MEMORY = "SPARK_MASTER", "SPARK_DRIVER_MEMORY"
"""Variables: where Spark runs, this machine's cores unless set, and its driver's heap."""
DEFAULT_MEMORY = "4g"
STOP_SECONDS = 30
FEATURES = "features"
"""Spark's column of vectors."""
JAVA_FIX = (
    "Install Java 17 or newer (Debian: apt install openjdk-17-jre-headless) or set JAVA_HOME."
)

_one_at_a_time = Lock()


class Spark(NamedTuple):
    """A session, and a folder for what passes to and from it, gone when it ends."""

    sql: Any
    folder: Path

    def read(self, file: Path) -> Any:  # noqa: ANN401
        """A Parquet file or folder as Spark's table."""
        return self.sql.read.parquet(address(file))

    def write(self, table: Any, name: str) -> Path:  # noqa: ANN401
        """Write a table of Spark's as a folder of Parquet files: no row passes through a heap."""
        table.write.parquet(f"file:{self.folder / name}")
        return self.folder / name


def address(file: Path) -> str:
    """A path as Spark reads it: of the file system, whatever the cluster's own is; no pattern."""
    return "file:" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(file.resolve()))


def parquet_of(folder: Path) -> pl.DataFrame:
    """What Spark wrote there, in the order of its files."""
    return pl.read_parquet(sorted(folder.glob("*.parquet")))


def spark_settings(folder: Path) -> dict[str, str]:
    """What is set over `spark-defaults.conf`; a master elsewhere must reach the driver."""
    master = os.environ.get(MASTER) or "local[*]"
    here = {"spark.driver.host": LOOPBACK, "spark.driver.bindAddress": LOOPBACK}
    return {
        "spark.app.name": "palate",
        "spark.master": master,
        "spark.driver.memory": os.environ.get(MEMORY) or DEFAULT_MEMORY,
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": f"file:{folder / 'warehouse'}",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    } | (here if master.startswith("local") else {})


@contextmanager
def session(home: Path) -> Iterator[Spark]:
    """A session whose JVM is waited for at the end.

    Killed with this process too: the JVM ends when its stdin does. One at a time per process,
    since Spark allows no more. Raises SettingsError without pyspark or a Java that starts, and
    ServiceError for what Spark itself fails with.
    """
    check_installed()
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    home.mkdir(parents=True, exist_ok=True)
    private = TemporaryDirectory(prefix=".spark-", suffix=".tmp", dir=home.resolve())
    with _one_at_a_time, private as folder, _running(Path(folder)) as sql, _one_line_errors():
        yield Spark(sql, Path(folder))


def check_installed() -> None:
    """Raise SettingsError where pyspark or Java is missing."""
    try:
        import pyspark  # noqa: F401, PLC0415
    except ImportError as error:
        raise SettingsError(
            "The base model spark-als needs the package pyspark.",
            "Install it: pip install palate[spark].",
        ) from error
    home = os.environ.get("JAVA_HOME")
    if not shutil.which(str(Path(home, "bin", "java")) if home else "java"):
        raise SettingsError("The base model spark-als needs Java, and there is none.", JAVA_FIX)


def cause_of(message: str) -> str:
    """The line of a Java stack trace that says most: the last cause, else the first line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by:")]
    first = [line for line in lines if re.match(r"(: )?[\w.$]+(Exception|Error)\b", line)]
    return (causes[-1:] or first[:1] or lines[:1] or ["it did not say why"])[0].strip(":. ")


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Inside the session: Spark's errors cannot say what they are once its JVM is gone."""
    from py4j.protocol import Py4JError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except (Py4JError, PySparkException, ConnectionError) as error:
        raise ServiceError(
            f"Spark failed: {cause_of(str(error))}.",
            f"Where it ran out of memory, set {MEMORY} (now"
            f" {os.environ.get(MEMORY) or DEFAULT_MEMORY}) or spread it with {MASTER}.",
        ) from None


@contextmanager
def _running(folder: Path) -> Iterator[Any]:
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    conf = SparkConf(loadDefaults=False).setAll(list(spark_settings(folder).items()))
    with (folder / "log.txt").open("wb") as log:
        gateway = _launched(conf, log.fileno(), folder)
        try:
            context = SparkContext(conf=conf, gateway=gateway)
            try:
                context.setCheckpointDir(f"file:{folder / 'checkpoints'}")
                yield SparkSession(context)
            finally:
                _stop(context)
        finally:
            _end(gateway)


def _launched(conf: Any, log: int, folder: Path) -> Any:  # noqa: ANN401
    from pyspark import java_gateway  # noqa: PLC0415
    from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415

    launch: Any = java_gateway.launch_gateway  # it has no types
    try:
        return launch(conf, {"stdout": log, "stderr": log})
    except PySparkRuntimeError as error:
        log_text = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        raise SettingsError(
            f"Java does not start Spark: {cause_of(log_text)}.", JAVA_FIX
        ) from error


def _stop(context: Any) -> None:  # noqa: ANN401
    try:
        context.stop()
    except ConnectionError:  # the JVM died; what this process keeps of it goes the second time
        context.stop()


def _end(gateway: Any) -> None:  # noqa: ANN401
    """End the JVM, and let Spark forget it: it would use the dead one for the next session."""
    from pyspark import SparkContext  # noqa: PLC0415

    gateway.shutdown()
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None
