"""An empty database of Prefect's, kept for new homes: to make one takes seconds of migrations.

It is kept per version of Prefect in the user's cache, and made by the first server that needs one.
"""

import shutil
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

from tasks.core.errors import PalateError
from tasks.core.files import replacing
from tasks.core.homes import user_cache

NAME = "prefect.db"
"""Of the database in PREFECT_HOME."""


def template() -> Path:
    """Where it is kept, whether it is there or not."""
    return user_cache() / f"prefect-{version('prefect')}.db"


def is_used(database: Path) -> bool:
    """Whether the server of this process keeps its records in this file, and no other database."""
    from prefect.settings import get_current_settings  # noqa: PLC0415 - reads its environment then

    url = get_current_settings().server.database.connection_url
    return url is not None and url.get_secret_value().endswith(f":///{database}")


def copy_template(database: Path) -> bool:
    """Begin a new database with a copy; gives whether it did. One that is there stays as it is."""
    if database.exists() or not template().is_file():
        return False
    with suppress(OSError, sqlite3.Error, PalateError), replacing(database) as private:
        shutil.copyfile(template(), private)
        if _is_sound(private):
            return True
        template().unlink()
        raise sqlite3.DatabaseError
    return False


def keep_template(database: Path) -> None:
    """Keep a copy of a database that was just made; where that cannot be, there is none."""
    with suppress(OSError, sqlite3.Error, PalateError):
        template().parent.mkdir(parents=True, exist_ok=True)
        with replacing(template()) as private:
            with closing(sqlite3.connect(database)) as source:
                source.execute("VACUUM INTO ?", [str(private)])
            if not _is_sound(private):
                raise sqlite3.DatabaseError


def _is_sound(database: Path) -> bool:
    """Whether it can be read through, and is one that Prefect's migrations made."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as opened:
        whole = opened.execute("PRAGMA quick_check").fetchone() == ("ok",)
        return whole and bool(opened.execute("SELECT version_num FROM alembic_version").fetchall())
    return False
