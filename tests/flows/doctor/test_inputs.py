import pytest

from flows.doctor.inputs import check_data, check_embedder
from tasks.core.errors import DatasetNotFoundError
from tasks.data import catalogue
from tasks.settings.settings import Settings


def test_a_data_set_that_is_there_is_named_with_its_files(made_up, monkeypatch):
    monkeypatch.setenv("PALATE_DATA_DIR", str(made_up.parent))
    for data in (str(made_up), made_up.name, "movielens"):
        assert check_data(Settings(data=data))[0].status == "ok"
    assert "ratings" in check_data(Settings(data=str(made_up)))[0].what


def test_a_data_set_that_is_nowhere_is_an_error(tmp_path):
    with pytest.raises(DatasetNotFoundError):
        check_data(Settings(data=str(tmp_path / "nowhere")))


def test_nothing_is_downloaded_to_find_out(tmp_path, monkeypatch):
    monkeypatch.delenv("PALATE_DATA_DIR", raising=False)
    monkeypatch.setattr(catalogue, "find", pytest.fail)
    (found,) = check_data(Settings(data="ml-latest-small", home=tmp_path))
    assert found.status == "ok" and "grouplens" in found.what


def test_the_embedder_loads():
    assert [one.status for one in check_embedder(Settings())] == ["ok"]
