"""How `prefect` finds the server in the project's folder."""

from pathlib import Path

from flows.service.prefect_toml import names_server, remove, write
from flows.service.state import State


def test_it_names_the_server_and_goes_with_it(tmp_path: Path) -> None:
    state = State(project=tmp_path, port=4200)
    write(state)
    assert 'url = "http://127.0.0.1:4200/api"' in (tmp_path / "prefect.toml").read_text()
    assert names_server(state) and not names_server(state.model_copy(update={"port": 4300}))
    remove(state.model_copy(update={"port": 4300}))
    assert names_server(state), "it may be another installation's"
    remove(state)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_users_own_stays_as_it_is(tmp_path: Path) -> None:
    state, file = State(project=tmp_path, port=4200), tmp_path / "prefect.toml"
    file.write_text('[api]\nurl = "http://127.0.0.1:4200/api"\n')
    before = file.read_bytes()
    write(state)
    remove(state)
    assert file.read_bytes() == before
