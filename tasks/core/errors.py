"""Every error a user can meet: what happened, where, and what to do about it."""

from pathlib import Path


class PalateError(Exception):
    """Root of the tree: `what` happened, and in `fix` what to do. The CLI prints both."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what} {fix}")
        self.what = what
        self.fix = fix

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild without calling a subclass' own signature, so that it crosses processes."""
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(kind: type[PalateError], state: dict[str, object]) -> PalateError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (f"{error.what} {error.fix}",)
    return error


class SettingsError(PalateError):
    """A setting is unknown, malformed, or contradicts another one."""


class DownloadError(PalateError):
    """A data set could not be fetched, or what arrived is not what was expected."""


class BadDataError(PalateError):
    """A file cannot be trusted; names the file and, where one is to blame, the row and column."""

    def __init__(
        self,
        file: Path,
        problem: str,
        fix: str,
        *,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        places = [str(file)]
        if row is not None:
            places.append(f"row {row}")
        if column is not None:
            places.append(f"column '{column}'")
        super().__init__(f"{', '.join(places)}: {problem}.", fix)
        self.file, self.row, self.column = file, row, column


class TooLittleDataError(PalateError):
    """The data set is sound but too small for what was asked."""


class NewcomerError(PalateError):
    """What was typed of a new person is no use: a title, a rating, or too little of a taste."""


class AmbiguousTitleError(PalateError):
    """Several items could be meant by what was typed.

    `unsure` holds by typed title its alternatives (item id as text, label), best first.
    """

    def __init__(self, unsure: dict[str, list[tuple[str, str]]]) -> None:
        def listed(alternatives: list[tuple[str, str]]) -> str:
            return "; ".join(f'"#{item}" = {label}' for item, label in alternatives)

        names = " or ".join(f"'{typed}'" for typed in unsure)
        each = [listed(alternatives) for alternatives in unsure.values()]
        if len(unsure) > 1:
            each = [f"'{typed}': {one}" for typed, one in zip(unsure, each, strict=True)]
        super().__init__(
            f"It is not clear which item {names} is.",
            f"Type the whole title with its year, or the id after a '#'. {'. '.join(each)}.",
        )
        self.unsure = unsure


class StoreError(PalateError):
    """The results file or a shared home cannot be read or written, or lacks what is wanted.

    Of a statement that is missing or fails, it shows the statement.
    """


class DiskFullError(PalateError):
    """A disk is full; names it. Nothing half-written is left where others look for it."""


class NotifyError(PalateError):
    """A program or a webhook could not be told of a night."""


class ServiceError(PalateError):
    """What else must run does not: Prefect's server, a Dask cluster, Spark, TMDB, a port.

    No message holds an address with a key.
    """


class LlmError(PalateError):
    """Something is wrong with asking the language model; what was answered so far is kept."""


class LlmSetupError(LlmError):
    """The key is refused, the quota is used up or the model is unknown: asking again is no use."""


class LlmDownError(LlmError):
    """The server has not answered for longer than `--llm-patience`."""


class LimitReachedError(LlmError):
    """`--max-cost`, `--max-requests` or `--max-tokens` is reached."""


class StoppedError(LlmError):
    """The command is ending (Ctrl-C): nothing more is sent."""


class LedgerError(PalateError):
    """The ledger of the language model's answers cannot be read or written."""
