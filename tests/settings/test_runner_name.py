import pytest

from tasks.core.errors import SettingsError
from tasks.settings.runner_name import scheduler_of
from tests.support.options import plain_settings


@pytest.mark.parametrize(
    ("runner", "scheduler"),
    [
        ("threads", None),
        ("dask", None),
        ("dask://10.0.0.5:8786", "10.0.0.5:8786"),
        ("dask://scheduler.example:8786/", "scheduler.example:8786"),
        ("dask://[::1]:8786", "[::1]:8786"),
    ],
)
def test_a_runner_is_known_and_says_which_scheduler(runner: str, scheduler: str | None) -> None:
    assert scheduler_of(plain_settings(runner=runner).runner) == scheduler


@pytest.mark.parametrize(
    "runner",
    [
        *("", "ray", "Dask", "dask:", "dask://", "dask://host", "dask://host:0"),
        *("dask://host:65536", "dask://host:8786/x", "dask://me:secret@host:8786", "tcp://h:1"),
    ],
)
def test_any_other_runner_is_refused_and_told_what_there_is(runner: str) -> None:
    with pytest.raises((SettingsError, ValueError), match="must be threads, dask, or a scheduler"):
        plain_settings(runner=runner)
