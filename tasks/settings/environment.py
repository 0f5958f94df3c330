"""Which names in the environment are palate's, so that a mistyped one is not ignored."""

from collections.abc import Iterable, Iterator, Mapping
from typing import get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tasks.core.errors import SettingsError
from tasks.core.nearest import nearest
from tasks.core.secrets import Secrets

PREFIX = "PALATE_"
NESTED = "__"

OWN = frozenset(
    PREFIX + name
    for name in (
        *("DATA_DIR", "MODELS", "MIRRORS", "TMDB_URL"),  # where things are
        *("STANDING", "ROLE", "PROJECT", "TEMPORARY_SERVER"),  # of processes that palate starts
        *("PG_PASSWORD", "DEMO_PORT"),  # of files in deployments
        *("TESTS_SERVER", "TEST_OUTPUT"),
    )
)
"""Names that are read where they are needed, and are no options."""

FIX = "Correct its name, or unset it; `palate nightly --help-all` lists all options."


def check_names(environment: Iterable[str], options: Iterable[type[BaseModel]]) -> None:
    """Refuse names that begin with PALATE_ and that nothing reads. Raises SettingsError.

    `options`: what all commands take, for an environment is for all of them.
    """
    fields = {PREFIX + name.upper(): one for of in options for name, one in of.model_fields.items()}
    secret = {name.upper() for name in Secrets.model_fields}
    known = {*OWN, *fields, *(name for name in secret if name.startswith(PREFIX))}
    known |= {name for field, one in fields.items() for name in _inside(field, one)}
    tables = tuple(name + NESTED for name, one in fields.items() if _takes_any_key(one))
    for name in sorted(environment):
        written = name.upper()
        if written.startswith(PREFIX) and written not in known and not written.startswith(tables):
            near = [f"; the nearest is {one}" for one in nearest(written, known | secret)]
            raise SettingsError(f"{name}: there is no such setting{''.join(near)}.", FIX)


def _inside(name: str, field: FieldInfo) -> Iterator[str]:
    """The names of an option's own options: PALATE_WEIGHTS__POPULARITY."""
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from (f"{name}{NESTED}{inner.upper()}" for inner in kind.model_fields)


def _takes_any_key(field: FieldInfo) -> bool:
    """Whether it is a table whose keys are not foreseen, such as sources."""
    kind = get_origin(field.annotation)
    return isinstance(kind, type) and issubclass(kind, Mapping)
