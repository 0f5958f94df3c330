"""What is written down."""

from pathlib import Path

import pytest

from flows.service.state import (
    Installation,
    Started,
    folder,
    forget,
    names_server,
    read_state,
    remove_prefect_toml,
    write_prefect_toml,
    write_state,
)
from tasks.core.errors import ServiceError


def test_it_is_read_as_it_was_written_until_it_is_forgotten(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    state = Installation(project=tmp_path, port=4200)
    state = state.with_process("server", Started(pid=1, started=2.5))
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    assert [file.name for file in folder(tmp_path).iterdir()] == ["state.json"]
    forget(tmp_path)
    forget(tmp_path)
    assert read_state(tmp_path) is None


def test_a_broken_file_says_what_to_do(tmp_path: Path) -> None:
    write_state(tmp_path, Installation(project=tmp_path, port=4200))
    (folder(tmp_path) / "state.json").write_text('{"port": ')
    with pytest.raises(ServiceError, match=r"state\.json.*Delete it"):
        read_state(tmp_path)


def test_it_names_the_server_and_goes_with_it(tmp_path: Path) -> None:
    state = Installation(project=tmp_path, port=4200)
    write_prefect_toml(state)
    assert 'url = "http://127.0.0.1:4200/api"' in (tmp_path / "prefect.toml").read_text()
    assert names_server(state) and not names_server(state.model_copy(update={"port": 4300}))
    remove_prefect_toml(state.model_copy(update={"port": 4300}))
    assert names_server(state), "it may be another installation's"
    remove_prefect_toml(state)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_users_own_stays_as_it_is(tmp_path: Path) -> None:
    state, file = Installation(project=tmp_path, port=4200), tmp_path / "prefect.toml"
    file.write_text('[api]\nurl = "http://127.0.0.1:4200/api"\n')
    before = file.read_bytes()
    write_prefect_toml(state)
    remove_prefect_toml(state)
    assert file.read_bytes() == before
