"""Lists as keys in Redis: NAME:USER holds one person's list as JSON, and expires.

The key NAME says which night the lists are of, and for how many people they are there: each chunk
is one transaction that moves it on, so that an export that was broken off is carried on.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import polars as pl

from tasks.core.errors import SettingsError, StoreError
from tasks.core.targets import Target

R = TypeVar("R")

USERS_AT_ONCE = 1_000
PATIENCE = 30.0
FRESH = 0.9
"""Of the time until keys expire, what must be left of an export that is carried on."""

FIELDS = ("item_id", "rank", "score", "title", "reasons", "why")


def write_keys(target: Target, run_id: str, lists: Iterator[pl.DataFrame], hours: float) -> int:
    """Set the key of every user, so many at once; gives the number of rows.

    `lists`: batches that part no user's list. Raises StoreError, SettingsError.
    """
    seconds = round(hours * 3600)
    return _connected(target, lambda client: _write(client, target.name, run_id, lists, seconds))


def check_keys(target: Target, seconds: float) -> None:
    """Return if keys could be set, within so many seconds; nothing is changed.

    Raises StoreError and SettingsError as `write_keys` would.
    """
    _connected(target, lambda client: _there(client, target.name, "", 0), seconds)


def _connected(target: Target, work: Callable[[Any], R], patience: float = PATIENCE) -> R:
    """What the work gives; the server may take `patience` seconds for each answer.

    Raises StoreError, SettingsError.
    """
    try:
        import redis  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError(
            f"{target.shown}: the package redis is not installed.", "pip install palate[redis]"
        ) from error
    try:
        client = redis.Redis.from_url(
            target.url(), socket_timeout=patience, socket_connect_timeout=5
        )
    except ValueError as error:
        raise SettingsError(
            f"{target.shown}: is no address of a Redis server.", "Write redis://host:6379/0."
        ) from error
    try:
        with client:
            return work(client)
    except (redis.RedisError, OSError) as error:
        raise StoreError(
            f"{target.shown}: lists cannot be written ({target.without_secrets(str(error))}).",
            "Check that the server runs, its address and its password; then export again: it is"
            " carried on.",
        ) from None


def _write(
    client: Any,  # noqa: ANN401 - of an optional package
    name: str,
    run_id: str,
    lists: Iterator[pl.DataFrame],
    seconds: int,
) -> int:
    done, users, rows = _there(client, name, run_id, seconds), 0, 0
    for chunk in _chunks(lists):
        users, rows = users + len(chunk), rows + sum(map(len, chunk.values()))
        if users <= done:
            continue
        pipeline = client.pipeline(transaction=True)
        for user, places in chunk.items():
            pipeline.set(f"{name}:{user}", json.dumps(places, ensure_ascii=False), ex=seconds)
        pipeline.set(name, _progress(run_id, users, complete=False), ex=seconds)
        pipeline.execute()
    client.set(name, _progress(run_id, users, complete=True), ex=seconds)
    return rows


def _there(client: Any, name: str, run_id: str, seconds: int) -> int:  # noqa: ANN401
    """For how many users the lists of this night were set by an export that did not end."""
    stored = client.get(name) if client.type(name) in {b"string", b"none"} else b""
    if stored is None:
        return 0
    try:
        progress = json.loads(stored)
        same = progress["run_id"] == run_id and not progress["complete"]
        return progress["users"] if same and client.ttl(name) >= FRESH * seconds else 0
    except (ValueError, TypeError, KeyError):
        raise StoreError(
            f"Redis: the key '{name}' holds something else than an export of lists.",
            "Name another after the address: redis://host:6379/0#NAME.",
        ) from None


def _progress(run_id: str, users: int, *, complete: bool) -> str:
    return json.dumps({"run_id": run_id, "users": users, "complete": complete})


def _chunks(lists: Iterator[pl.DataFrame]) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Each user's places, so many users at once whatever the batches are."""
    chunk: dict[str, list[dict[str, Any]]] = {}
    for batch in lists:
        for row in batch.iter_rows(named=True):
            if row["user_id"] not in chunk and len(chunk) == USERS_AT_ONCE:
                yield chunk
                chunk = {}
            place = {field: row[field] for field in FIELDS if row[field] is not None}
            chunk.setdefault(row["user_id"], []).append(place)
    if chunk:
        yield chunk
