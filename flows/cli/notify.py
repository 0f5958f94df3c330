"""`palate notify`: see that messages about nights arrive."""

from flows.cli.app import Options, app
from flows.cli.shown.tables import console
from tasks.core.errors import NotifyError, SettingsError
from tasks.settings.sources import NightlyOptions


@app.command
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

    chosen = (settings or NightlyOptions()).settings()
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
