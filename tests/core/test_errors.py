import inspect
import pickle
from pathlib import Path

import pytest

from tasks.core import errors
from tasks.core.errors import AmbiguousTitleError, BadDataError, PalateError, SettingsError
from tasks.core.lock import HomeInUseError

KINDS = [
    *(
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, PalateError)
    ),
    HomeInUseError,
]
BUILT_DIFFERENTLY = {
    BadDataError: lambda: BadDataError(
        Path("r.csv"), "the rating is missing", "Add it.", row=3, column="rating"
    ),
    AmbiguousTitleError: lambda: AmbiguousTitleError(
        {"heat": [("6", "Heat (1995)"), ("9", "Heat")]}
    ),
}


def example(kind):
    return BUILT_DIFFERENTLY.get(kind, lambda: kind("It broke.", "Mend it."))()


def test_the_tree_has_many_kinds():
    assert len(KINDS) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling_with_its_attributes(kind):
    error = example(kind)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert vars(back) == vars(error)
    assert {"what", "fix"} <= vars(back).keys()
    assert str(back) == str(error)
    assert back.args == error.args


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_says_what_happened_and_what_to_do(kind):
    error = example(kind)
    assert error.what and error.fix
    assert str(error) == f"{error.what} {error.fix}"


def test_a_note_survives_pickling():
    error = SettingsError("It broke.", "Mend it.")
    error.add_note("seen twice")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["seen twice"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({}, "r.csv: it is odd."),
        ({"row": 3}, "r.csv, row 3: it is odd."),
        ({"column": "rating"}, "r.csv, column 'rating': it is odd."),
        ({"row": 3, "column": "rating"}, "r.csv, row 3, column 'rating': it is odd."),
    ],
)
def test_bad_data_names_the_place(place, expected):
    error = BadDataError(Path("r.csv"), "it is odd", "Correct it.", **place)
    assert error.what == expected
    assert (error.file, error.row, error.column) == (
        Path("r.csv"),
        place.get("row"),
        place.get("column"),
    )


def test_an_ambiguous_title_lists_the_alternatives():
    heat = [("6", "Heat (1995)"), ("9", "Heat (1986)")]
    error = AmbiguousTitleError({"heat": heat})
    assert error.what == "It is not clear which item 'heat' is."
    assert '"#6" = Heat (1995); "#9" = Heat (1986)' in error.fix
    both = AmbiguousTitleError({"heat": heat, "alien": [("3", "Alien (1979)"), ("4", "Aliens")]})
    assert both.what == "It is not clear which item 'heat' or 'alien' is."
    assert "'alien': \"#3\" = Alien (1979)" in both.fix and "'heat': " in both.fix
