import pytest

from flows.doctor.folder import check_shared
from flows.doctor.stores import check_ledger, check_results
from tasks.core.errors import LedgerError, SharedHomeError
from tasks.core.homes import home_of
from tasks.core.secrets import Secrets
from tasks.llm.ledger.database import ledger_url
from tasks.settings.settings import Settings
from tests.support.s3 import HOME, machine


@pytest.fixture
def shared(bucket, monkeypatch, tmp_path):
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    machine(monkeypatch, tmp_path / "a")
    return Settings(home=HOME)


def test_a_shared_home_that_answers_is_in_order(shared):
    checked = [check(shared) for check in (check_shared, check_results, check_ledger)]
    assert [[one.status for one in found] for found in checked] == [["ok"]] * 3
    assert HOME in checked[0][0].what
    assert check_shared(Settings(home=".palate")) == []


def test_a_bucket_that_is_not_there_is_told_by_every_check_of_it(shared):
    nowhere = Settings(home="s3://nosuch/team")
    for check in (check_shared, check_results):
        with pytest.raises(SharedHomeError, match="no such bucket"):
            check(nowhere)


def test_a_ledger_is_never_a_file_of_a_shared_home(shared):
    with pytest.raises(LedgerError, match="PALATE_LEDGER_URL"):
        ledger_url(home_of(HOME), Secrets())
