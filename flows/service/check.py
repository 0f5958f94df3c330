"""What `palate doctor` says of the installation that `palate up` started."""

from flows.doctor.finding import Finding, fail, ok
from tasks.settings.settings import Settings


def check_standing(settings: Settings) -> list[Finding]:
    """Everything that was started still runs; nothing to say where nothing was."""
    if not (settings.home / "standing" / "state.json").is_file():
        return []
    from flows.service.processes import find, log_file  # noqa: PLC0415 - an extra
    from flows.service.state import read_state  # noqa: PLC0415

    state = read_state(settings.home)
    started = state.processes if state else {}
    gone = [role for role, process in started.items() if find(process) is None]
    if not gone:
        return [ok("standing", f"palate up started {', '.join(started)}: all of it runs")]
    logs = ", ".join(str(log_file(settings.home, role)) for role in gone)
    told = f"of what palate up started, {' and '.join(gone)} ended"
    return [fail("standing", told, f"See {logs}; palate up starts it again, palate down ends all.")]
