"""Publishing a run into the DuckDB file that analysts read, without ever blocking them.

DuckDB lets one process write and then nobody read, so a run is appended to a private copy, which
replaces the file whole. Readers keep the file they opened; the lock keeps publishers apart, so
that each copies what the one before published.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
from filelock import FileLock, Timeout

import sql
from tasks.core.errors import StoreError
from tasks.core.full_disk import watching_disk
from tasks.core.storage import storage_of

LOCK_SECONDS = 600.0

Rows = pl.DataFrame | pl.LazyFrame
"""Of a table; lazy where they are many."""

READABLE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0"
}
"""A file that is made anew can be opened by DuckDB 1.5 too: many clients are not at 2.0 yet."""

TABLES = (
    *("runs", "stages", "dropped", "ranked_items", "llm_requests"),
    *("cells", "cell_metrics", "user_metrics", "comparisons", "list_examples", "published"),
    *("learned_weights", "changes", "guard", "choices", "replayed_nights", "reliability"),
    *("wishes", "wish_lists", "favourites", "tastes", "judged_parts", "judging_prices"),
    "judgements",
)

OF_LISTS = ("ranked_items", "favourites", "tastes")
"""What goes with the lists of a night."""

NEW = {"llm_requests": " WHERE id NOT IN (SELECT id FROM llm_requests)"}
"""A request is published once, by whichever run comes first."""


def database_file(home: Path) -> Path:
    """Where a home folder's results lie."""
    return home / "palate.duckdb"


def publishing_lock(home: Path) -> FileLock:
    """What a publisher holds, so that runs are added one after the other."""
    target = database_file(home)
    return FileLock(target.with_name(f"{target.name}.lock"))


def has_results(home: Path) -> bool:
    """Whether there is a results file; of a shared home, the newest one is here then."""
    return storage_of(home).newest(database_file(home))


def is_published(home: Path, run_id: str) -> bool:
    """Whether a run is in the results file: one that was broken off after that, and resumed."""
    file = database_file(home)
    if not has_results(home):
        return False
    try:
        with duckdb.connect(file, read_only=True) as database:
            ours = database.execute("SELECT 1 FROM runs WHERE run_id = ?", [run_id])
            return bool(ours.fetchall())
    except duckdb.Error:
        return False  # publishing says what is wrong with the file


def publish(
    home: Path,
    tables: Mapping[str, Rows],
    wait: float = LOCK_SECONDS,
    keep_nights: int | None = None,
) -> Path:
    """Append the rows to the tables of the same name, all or nothing; gives the results file.

    `keep_nights`: of each data set, how many of the newest nights keep their lists; None: all.

    Raises StoreError when another publisher holds the lock for `wait` seconds, or when the file
    that is there cannot be read as results, DiskFullError when there is no room for it; it is then
    left as it was.
    """
    target = database_file(home)
    with watching_disk(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with watching_disk(target.parent), publishing_lock(home).acquire(timeout=wait):
            storage_of(home).update(
                target,
                partial(_append, tables=tables, keep_nights=keep_nights),
                partial(_is_added, tables=tables),
            )
    except Timeout as error:
        raise StoreError(
            f"{target}: another run has been publishing for {wait:.0f} s.",
            "Wait for it, or stop it; then run the same command again.",
        ) from error
    except duckdb.Error as error:
        raise StoreError(
            f"{target}: the run could not be added ({error}).",
            "If the file is not palate's, move it away; runs are published into a new one.",
        ) from error
    return target


def _is_added(file: Path, tables: Mapping[str, Rows]) -> bool:
    """Whether these rows were published: told by the one run, or the one choice, among them."""
    name, key = ("runs", "run_id") if "runs" in tables else ("choices", "id")
    with duckdb.connect(file, read_only=True) as database:
        ours = [tables[name].lazy().collect()[key].item()]
        return bool(database.execute(f"SELECT 1 FROM {name} WHERE {key} = ?", ours).fetchall())


def _append(file: Path, tables: Mapping[str, Rows], keep_nights: int | None = None) -> None:
    """All or nothing; DuckDB's log beside the file goes too, which it leaves on a full disk."""
    try:
        _insert(file, tables, keep_nights)
    except BaseException:
        file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
        raise


def _insert(file: Path, tables: Mapping[str, Rows], keep_nights: int | None) -> None:
    """By way of Parquet files, so that large tables need not be held in memory."""
    with (
        TemporaryDirectory(prefix=".publishing-", dir=file.parent) as folder,
        duckdb.connect(file, config=READABLE) as database,
    ):
        _bring_up_to_date(database)
        database.execute("BEGIN")
        for name in TABLES:
            if name in tables and not _is_empty(tables[name]):
                rows = Path(folder, f"{name}.parquet")
                tables[name].lazy().sink_parquet(rows, engine="streaming")
                database.execute(
                    f"INSERT INTO {name} BY NAME SELECT * FROM read_parquet($rows)"
                    + NEW.get(name, ""),
                    {"rows": str(rows)},
                )
        if keep_nights is not None:
            _forget(database, keep_nights)
        database.execute("COMMIT")
        database.execute("CHECKPOINT")


def _forget(database: duckdb.DuckDBPyConnection, keep_nights: int) -> None:
    """Remove the lists of older nights, and what is known of their people."""
    asked = sql.statement("night/forget.sql")
    old = [run for (run,) in database.execute(asked, {"keep": keep_nights}).fetchall()]
    if old:
        for table in OF_LISTS:
            database.execute(f"DELETE FROM {table} WHERE list_contains($1, run_id)", [old])


def _bring_up_to_date(database: duckdb.DuckDBPyConnection) -> None:
    """Make what this version has and an earlier one had not; rows of replaced tables stay."""
    if _has_key(database, sql.KEYED):
        database.execute(f"ALTER TABLE {sql.KEYED} RENAME TO {sql.KEYED}_before")
    database.execute(sql.statement("schema.sql"))
    if _has_table(database, f"{sql.KEYED}_before"):
        database.execute(sql.statement(f"upgrade/{sql.KEYED}.sql"))
        database.execute(f"DROP TABLE {sql.KEYED}_before")
    tables = {
        name for (name,) in database.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    }
    for table in sql.REPLACED:
        if table in tables:
            database.execute(sql.statement(f"upgrade/{table}.sql"))
            database.execute(f"DROP TABLE {table}")
    database.execute("BEGIN")  # else each of hundreds of comments would wait for the disk
    for view in sql.VIEWS:
        text = sql.statement(f"views/{view}.sql")
        database.execute(f"CREATE OR REPLACE VIEW {view} AS\n{text}")
    _say_what_columns_mean(database)
    database.execute("COMMIT")


def _has_key(database: duckdb.DuckDBPyConnection, table: str) -> bool:
    asked = "FROM duckdb_constraints() WHERE table_name = ? AND constraint_type = 'PRIMARY KEY'"
    return bool(database.execute(asked, [table]).fetchall())


def _has_table(database: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(database.execute("FROM duckdb_tables() WHERE table_name = ?", [table]).fetchall())


def _say_what_columns_mean(database: duckdb.DuckDBPyConnection) -> None:
    """Comments on the columns of our tables and views; what others added has none."""
    ours = (
        "SELECT table_name, column_name FROM duckdb_columns() WHERE list_contains($1, table_name)"
    )
    for table, column in database.execute(ours, [[*TABLES, *sql.VIEWS]]).fetchall():
        if comment := sql.comment(table, column):
            database.execute(comment)


def _is_empty(table: Rows) -> bool:
    return isinstance(table, pl.DataFrame) and table.is_empty()
