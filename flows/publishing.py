"""The lists of a night to where else they are needed: `publish_to`."""

from rich.markup import escape

from tasks.core.errors import PalateError, StoreError
from tasks.core.progress import say
from tasks.core.targets import target_of
from tasks.settings.settings import Settings
from tasks.store.export.lists import export, night_to_export


def check_targets(settings: Settings) -> None:
    """Raise SettingsError where an address of `publish_to` needs a variable that is not set."""
    for given in settings.night.publish_to:
        target_of(given).url()


def publish_elsewhere(settings: Settings, run_id: str) -> None:
    """Export the night to every target; the others too where one fails.

    Raises StoreError that says to which it could not be exported.
    """
    night, problems = night_to_export(settings.home, run_id), []
    for given in settings.night.publish_to:
        target = target_of(given)
        try:
            rows = export(settings.home, night, target, settings.night.publish_hours)
        except (PalateError, OSError) as error:
            what = error.what if isinstance(error, PalateError) else f"{target.shown}: {error}"
            problems.append(what)
            say(f"  [red]not exported:[/] {escape(what)}")
        else:
            say(f"  {rows:,} rows to {escape(target.shown)}")
    if problems:
        raise StoreError(
            f"Night {run_id} is published, but not to {len(problems)} of"
            f" {len(settings.night.publish_to)} places. {' '.join(problems)}",
            f"Then: palate export --run {run_id} ADDRESS.",
        )
