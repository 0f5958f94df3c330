from tasks.data.given import placed


def test_a_file_is_taken_as_it_is_named_then_from_the_data_sets_folder(tmp_path, monkeypatch):
    here, data = tmp_path / "here", tmp_path / "data"
    for folder in (here, data):
        folder.mkdir()
    monkeypatch.chdir(here)
    (data / "held.csv").touch()
    named = (data / "held.csv").relative_to(data)
    assert placed(named, data) == data / "held.csv"
    (here / "held.csv").touch()
    assert placed(named, data) == named
    assert placed(data / "gone.csv", data) == data / "gone.csv"
