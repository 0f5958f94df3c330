"""Commands that look after a home folder and its nights, and what they print."""

import json as json_text
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from flows.cli.app import app, console, home_given
from flows.cli.options import Options, settings_of, with_options
from flows.doctor.finding import Finding
from flows.service.server import service_url
from tasks.core.errors import NotifyError, SettingsError

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
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
    from tasks.store.housekeeping import Retention, clean  # noqa: PLC0415 - keeps `--help` fast

    keep = Retention(runs=keep_runs, days=keep_days, min_age=min_age)
    cleaned = clean(home_given(home), keep, datetime.now(UTC), apply=apply)
    kept = cleaned.kept
    console.print(
        f"{kept.runs:,} runs are kept: what was used since {kept.since:%d %B %Y, %H:%M} UTC stays",
        highlight=False,
        soft_wrap=True,
    )
    if cleaned.mirrors:
        copies = "Only copies on this machine can go: nothing is ever removed from"
        console.print(copies, cleaned.mirrors, markup=False, highlight=False, soft_wrap=True)
    _show_leftovers([(file.kind, file.bytes) for file in cleaned.gone], applied=apply)


def _show_leftovers(gone: Sequence[tuple[str, int]], *, applied: bool) -> None:
    """Files and bytes per kind and in total."""
    import polars as pl  # noqa: PLC0415

    from flows.cli.tables import show_table  # noqa: PLC0415

    if not gone:
        console.print("Nothing to remove.")
        return
    files = pl.DataFrame(gone, ["kind", "bytes"], orient="row")
    kinds = files.group_by("kind").agg(pl.len().alias("files"), pl.col("bytes").sum())
    total = files.select(
        pl.lit("in total").alias("kind"), pl.len().alias("files"), pl.col("bytes").sum()
    )
    rows = pl.concat([kinds.sort("bytes", "kind", descending=[True, False]), total])
    sizes = pl.Series("size", [decimal(size) for size in rows["bytes"]])
    title = "Removed" if applied else "No kept run needs"
    show_table(rows.select("kind", "files", sizes), title)
    if not applied:
        console.print("Nothing was removed: --apply does.")


@with_options
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
    from flows.doctor.examine import examine  # noqa: PLC0415

    chosen = settings_of(settings)
    if url := service_url(chosen.home):
        os.environ.setdefault("PREFECT_API_URL", url)
    findings = examine(chosen)
    if json:
        rows = [finding.model_dump() for finding in findings]
        console.file.write(json_text.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        _show_findings(findings)
    if any(finding.status == "fail" for finding in findings):
        sys.exit(1)


def _show_findings(findings: Sequence[Finding]) -> None:
    """One line per finding, and below it what to do."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in findings:
        fix = f"\n[bold]{escape(one.fix)}[/]" if one.fix else ""
        status = f"[{COLOURS[one.status]}]{one.status}[/]"
        table.add_row(status, one.check, escape(one.what) + fix)
    console.print(table)


@with_options
def notify(*, test: bool = False, settings: Options | None = None) -> None:
    """Tell whom a failed, degraded or guarded night would tell, to see that it arrives.

    That is the program of --notify-command, which reads JSON, and the webhook whose address stands
    in PALATE_NOTIFY_URL (https; a secret).

    Parameters
    ----------
    test
        Send a message that says that it is a test.
    settings
        The options that all commands share.

    """
    from tasks.night.notify.message import message  # noqa: PLC0415 - prefect takes a while to load
    from tasks.night.notify.outcome import has_recipient, send  # noqa: PLC0415

    chosen = settings_of(settings)
    if not test:
        raise SettingsError("There is nothing to tell.", "--test sends a message as a trial.")
    if not has_recipient(chosen):
        raise SettingsError(
            "There is nobody to tell.",
            "Set notify_command (a program and its arguments) or PALATE_NOTIFY_URL (a webhook).",
        )
    about = message(chosen, "test", "Somebody asked for a trial message.")
    problems = send(chosen, about)
    if problems:
        raise NotifyError(" ".join(p.what for p in problems), problems[0].fix)
    console.print("The message was sent.")
