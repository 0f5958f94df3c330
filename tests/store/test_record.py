from datetime import UTC, datetime

from tasks.store.record import attempt, new_run_id

MOMENT = datetime(2026, 11, 24, 3, 0, 5, tzinfo=UTC)


def test_run_ids_sort_by_time_and_differ() -> None:
    one, other = new_run_id(MOMENT), new_run_id(MOMENT)
    assert one.startswith("20261124-030005-") and one != other
    assert new_run_id(MOMENT, mark="abcdef") == "20261124-030005-abcdef"


def test_what_is_attempted_again_has_the_same_id() -> None:
    with attempt("20261124-030005-abcdef"):
        assert new_run_id(datetime.now(UTC)) == "20261124-030005-abcdef"
    assert new_run_id(MOMENT) != "20261124-030005-abcdef"
