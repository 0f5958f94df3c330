"""The command that brings the lists of a night to where they are needed."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.app import app, console, home_given
from tasks.core.errors import SettingsError

Hours = Annotated[float, Parameter(validator=Number(gt=0))]


@app.command
def export(
    *addresses: str, run: str | None = None, hours: Hours = 72.0, home: Path | None = None
) -> None:
    """Bring the lists of the last night to files, databases or Redis; they replace what is there.

    A file (.parquet, .jsonl, .csv) appears whole. 'postgresql://me:$DB_PASSWORD@host/shop#lists',
    or any other address that SQLAlchemy knows, is a table (`recommendations` unless named after the
    #), whose rows are replaced in one transaction. 'redis://host:6379/0#lists' sets a key
    lists:USER for each person, a JSON array that expires. $NAME is read from the environment: no
    address may hold a password. A night does the same with publish_to in its --config.

    Parameters
    ----------
    addresses
        Where to, one or several.
    run
        The id of a night; the last one unless given.
    hours
        After so many hours keys in Redis expire.
    home
        Folder, or s3://BUCKET/PREFIX, with the results: PALATE_HOME or .palate unless given.

    """
    from tasks.core.targets import FORMS, target_of  # noqa: PLC0415 - keeps `--help` fast
    from tasks.store.export.lists import export as write  # noqa: PLC0415
    from tasks.store.export.lists import night_to_export  # noqa: PLC0415

    if not addresses:
        raise SettingsError("It is not said where to.", FORMS)
    targets, where = [target_of(given) for given in addresses], home_given(home)
    night = night_to_export(where, run)
    for target in targets:
        rows = write(where, night, target, hours)
        console.print(
            f"{target.shown}: {rows:,} rows for {night.users:,} users, run {night.run_id}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
