"""Commands that look after a home folder."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from flows.cli.app import Options, app, home_given
from flows.service.server import service_url
from tasks.settings.sources import NightlyOptions

Days = Annotated[float, Parameter(validator=Number(gte=0))]


@app.command
def gc(
    *,
    apply: Annotated[bool, Parameter(negative=())] = False,
    keep_runs: Annotated[int, Parameter(validator=Number(gte=1))] = 7,
    keep_days: Days = 30.0,
    min_age: Days = 2.0,
    home: Path | None = None,
) -> None:
    """Say which files no kept run needs, and with --apply remove them.

    What a kept run or anything after it has used stays, and what its record names. The results
    file, the ledger of paid answers, embeddings, kept models and reports are never touched. What
    is removed and needed after all is made again: that costs time, and nothing else. Of a home on
    shared storage only this machine's copies are removed, which are fetched again when needed.

    Parameters
    ----------
    apply
        Remove the files. Refused while a command is at work in the home.
    keep_runs
        Newest runs of each method that are kept.
    keep_days
        Days after which a run is not kept, but for the last one.
    min_age
        Days since a file was last used before it may go.
    home
        Folder for all state: PALATE_HOME or .palate unless given.

    """
    from flows.cli.shown.house import show_leftovers  # noqa: PLC0415
    from tasks.store.housekeeping import Retention, clean  # noqa: PLC0415 - keeps `--help` fast

    keep = Retention(runs=keep_runs, days=keep_days, min_age=min_age)
    cleaned = clean(home_given(home), keep, datetime.now(UTC), apply=apply)
    show_leftovers(cleaned, applied=apply)


@app.command
def doctor(
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    settings: Options | None = None,
) -> None:
    """Check all that a night needs, and say what to do where something is wrong.

    Takes the options of `palate nightly`, and looks at what these need. Exit code 1 if a check
    fails. Asks no language model anything but the list of its models, and prints no secret.

    Parameters
    ----------
    json
        Print one JSON array of what was found, for programs.
    settings
        The options that all commands share.

    """
    from flows.cli.shown.house import show_findings, show_findings_json  # noqa: PLC0415
    from flows.doctor.examine import examine  # noqa: PLC0415

    chosen = (settings or NightlyOptions()).settings()
    if url := service_url(chosen.home):
        os.environ.setdefault("PREFECT_API_URL", url)
    found = examine(chosen)
    (show_findings_json if json else show_findings)(found)
    if any(finding.status == "fail" for finding in found):
        sys.exit(1)
