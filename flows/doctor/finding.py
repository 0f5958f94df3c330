"""What a check found."""

from typing import Literal

from tasks.core.vocabulary import Record

Verdict = Literal["ok", "warn", "fail"]


class Finding(Record):
    """One line: how it stands and, unless that is well, what to do. `check` names what it is of."""

    check: str
    status: Verdict
    what: str
    fix: str = ""


def ok(check: str, what: str) -> Finding:
    """All is well."""
    return Finding(check=check, status="ok", what=what)


def warn(check: str, what: str, fix: str) -> Finding:
    """Nights run, but not as well as they could, or not for long."""
    return Finding(check=check, status="warn", what=what, fix=fix)


def fail(check: str, what: str, fix: str) -> Finding:
    """Something does not work."""
    return Finding(check=check, status="fail", what=what, fix=fix)
