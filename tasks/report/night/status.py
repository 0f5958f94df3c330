"""Whether a night went as it should, and what to do where it did not."""

from dataclasses import dataclass

from tasks.report.night.read import Night


@dataclass(frozen=True)
class Banner:
    """What stands at the top of a page: `tone` is bad, warn or plain."""

    tone: str
    title: str
    why: str
    fix: str


def banner(night: Night) -> Banner | None:
    """What is to be said loudly; None of a night that is complete."""
    status, note = night.run["status"], night.run["note"]
    if status == "complete":
        return None
    if status == "degraded":
        return Banner(
            "bad",
            "Degraded: base lists were published",
            note or "The language model did not answer.",
            "Check the language model's server, key and budget, then run the same command again:"
            " what it has answered is kept, and finished stages are not done again.",
        )
    if status == "guarded":
        return Banner(
            "warn",
            "Guarded: some users got base lists",
            note or "Re-ranked lists did worse than base lists on the ratings that arrived since.",
            "See the guard's figures below. It lets go by itself once re-ranked lists no longer do"
            " worse; if it keeps on, compare methods (palate evaluate) and choose another.",
        )
    return Banner("warn", f"Status: {status}", note or "No reason was recorded.", "See the log.")


def not_measured(night: Night) -> str | None:
    """Why a night has no figures; None where it has some."""
    if night.figures:
        return None
    if night.run["status"] == "degraded":
        return "A degraded night is not measured: its lists are the base lists."
    if night.run["scorer"] != "embedded" and night.settings.get("measure_users") is None:
        return (
            "Hidden ratings would cost as many requests again. --measure-users N asks for N users'"
            " sake."
        )
    if night.settings.get("measure_users") == 0:
        return "measure_users is 0, so nobody's hidden rating was looked for."
    return "Nothing was measured: the language model may have stopped answering meanwhile."
