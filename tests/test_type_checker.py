"""The type checker as tests of wrong calls use it."""

import pytest

from tests.support.type_checker import type_errors


def test_errors_have_their_line_and_code() -> None:
    source = """
from tasks.core.errors import PalateError

def told(error: PalateError) -> int:
    return error

def loose(error):
    raise PalateError(1, "Do this.")
"""
    wrong_return, untyped = type_errors(source)[:2]
    assert wrong_return.startswith("5: ") and wrong_return.endswith("[return-value]")
    assert untyped.startswith("7: ") and untyped.endswith("[no-untyped-def]"), "as strict as ours"


def test_right_code_has_none() -> None:
    assert (
        type_errors("from tasks.core.errors import PalateError\nraise PalateError('a', 'b')") == []
    )


def test_what_cannot_be_checked_is_no_success() -> None:
    with pytest.raises(RuntimeError, match="yntax"):
        type_errors("def (")
