import pytest

from tasks.core.nearest import nearest

NAMES = ("user", "users", "PALATE_TOP", "ease", "latest_run")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("usr", ["user"]),
        ("palate_tpo", ["PALATE_TOP"]),
        ("EASY", ["ease"]),
        ("latest-run", ["latest_run"]),
        ("xyzzy", []),
        ("", []),
    ],
)
def test_the_nearest_name_is_found_whatever_its_case(name, near):
    assert nearest(name, NAMES) == near


def test_several_come_nearest_first_and_in_one_order_whatever_order_they_are_given_in():
    assert (
        nearest("usrs", NAMES, most=3) == nearest("usrs", NAMES[::-1], most=3) == ["users", "user"]
    )


def test_how_alike_they_must_be_can_be_said():
    assert nearest("easy", NAMES, like=0.8) == []


def test_any_collection_will_do():
    assert nearest("eas", iter(NAMES)) == ["ease"]
