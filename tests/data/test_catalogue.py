"""Finding a data set: a folder, one of a collection, or a name that is known."""

import os

import pytest

from tasks.core.errors import SettingsError
from tasks.data import catalogue
from tests.data.conftest import GENERIC, MOVIELENS, PARQUET, write_folder


@pytest.fixture(autouse=True)
def no_collection(monkeypatch):
    monkeypatch.delenv(catalogue.DATA_DIR, raising=False)


def read(home, data):
    return catalogue.find(str(data), home).read(home)


@pytest.mark.parametrize(
    ("files", "noun"), [(MOVIELENS, "movie"), (GENERIC, "item"), (PARQUET, "item")]
)
def test_a_folder_is_read_by_the_reader_of_its_format(home, folder_of, files, noun):
    assert read(home, folder_of(files)).info.noun == noun


def test_a_folder_goes_before_a_name(home, tmp_path, monkeypatch):
    write_folder(tmp_path / "movielens", GENERIC)
    monkeypatch.chdir(tmp_path)
    assert read(home, "movielens").info.name == "tiny"


def test_a_home_folder_is_expanded(home, tmp_path, monkeypatch):
    write_folder(tmp_path / "mine", GENERIC)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read(home, "~/mine").info.name == "tiny"


def test_the_embedded_name_needs_no_folder(home, monkeypatch):
    monkeypatch.setattr(catalogue, "fetch", lambda *_: pytest.fail("asked the network"))
    assert [file.is_file() for file in catalogue.find("movielens", home).files] == [True]


def test_the_downloaded_name_is_read_from_where_it_was_fetched_to(home, folder_of, monkeypatch):
    monkeypatch.setattr(catalogue, "fetch", lambda wanted, home: folder_of(MOVIELENS))
    assert read(home, "ml-latest-small").items.frame["title"].to_list() == [
        "American President, The",
        "Alien",
    ]


def test_a_name_is_looked_for_in_the_collection_before_it_is_fetched(home, tmp_path, monkeypatch):
    write_folder(tmp_path / "ml-latest-small", GENERIC)
    monkeypatch.setenv(catalogue.DATA_DIR, str(tmp_path))
    monkeypatch.setattr(catalogue, "fetch", lambda *_: pytest.fail("asked the network"))
    assert read(home, "ml-latest-small").info.name == "tiny"


def test_a_folder_that_is_named_outright_goes_before_the_collection(home, tmp_path, monkeypatch):
    write_folder(tmp_path / "collection" / "books", GENERIC)
    write_folder(tmp_path / "here" / "books", MOVIELENS)
    monkeypatch.setenv(catalogue.DATA_DIR, str(tmp_path / "collection"))
    assert read(home, "books").info.noun == "item"
    monkeypatch.chdir(tmp_path / "here")
    assert read(home, "books").info.noun == "movie"


def test_a_home_folder_of_a_collection_is_expanded(home, tmp_path, monkeypatch):
    write_folder(tmp_path / "collection" / "books", GENERIC)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(catalogue.DATA_DIR, "~/collection")
    assert read(home, "books").info.name == "tiny"


def test_a_name_that_is_nowhere_says_which_collection_was_searched(home, tmp_path, monkeypatch):
    with pytest.raises(SettingsError, match=r"\$PALATE_DATA_DIR \(not set\)"):
        catalogue.find("books", home)
    monkeypatch.setenv(catalogue.DATA_DIR, str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        catalogue.find("books", home)
    assert f"$PALATE_DATA_DIR ({tmp_path})" in caught.value.what


def test_every_listed_name_can_be_found(home, folder_of, monkeypatch):
    monkeypatch.setattr(catalogue, "fetch", lambda wanted, home: folder_of(MOVIELENS))
    for named in catalogue.NAMED:
        assert catalogue.find(named.name, home).files


def test_an_unknown_name_lists_the_known_ones(home):
    with pytest.raises(SettingsError, match="'movielense'") as caught:
        catalogue.find("movielense", home)
    assert "(movielens, ml-latest-small)" in caught.value.what


def test_a_folder_without_a_data_set_says_what_it_needs(home, folder_of):
    with pytest.raises(SettingsError, match="holds no data set") as caught:
        catalogue.find(str(folder_of({"notes.txt": "hello"})), home)
    assert "movies.csv" in caught.value.fix


def test_the_fingerprint_is_of_the_content_alone(home, folder_of):
    folder = folder_of(GENERIC)
    before = catalogue.find(str(folder), home).fingerprint()
    os.utime(folder / "ratings.csv", (1, 1))
    (folder / "notes.txt").write_text("not read")
    assert catalogue.find(str(folder), home).fingerprint() == before


@pytest.mark.parametrize("name", ["ratings.csv", "items.csv", "dataset.toml"])
def test_a_change_in_any_generic_file_changes_the_fingerprint(home, folder_of, name):
    folder = folder_of(GENERIC)
    before = catalogue.find(str(folder), home).fingerprint()
    with (folder / name).open("a") as file:
        file.write("\n")
    assert catalogue.find(str(folder), home).fingerprint() != before


@pytest.mark.parametrize("name", ["descriptions.csv", "imdb_scores.csv", "links.csv", "tags.csv"])
def test_an_optional_file_changes_the_fingerprint(home, folder_of, name):
    folder = folder_of(MOVIELENS)
    before = catalogue.find(str(folder), home).fingerprint()
    (folder / name).write_text("movieId\n")
    assert catalogue.find(str(folder), home).fingerprint() != before
