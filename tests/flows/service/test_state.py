"""What is written down."""

from pathlib import Path

import pytest

from flows.service.state import (
    StandingError,
    Started,
    State,
    folder,
    forget,
    read_state,
    write_state,
)


def test_it_is_read_as_it_was_written_until_it_is_forgotten(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    state = State(project=tmp_path, port=4200)
    state = state.with_process("server", Started(pid=1, started=2.5))
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    assert [file.name for file in folder(tmp_path).iterdir()] == ["state.json"]
    forget(tmp_path)
    forget(tmp_path)
    assert read_state(tmp_path) is None


def test_a_broken_file_says_what_to_do(tmp_path: Path) -> None:
    write_state(tmp_path, State(project=tmp_path, port=4200))
    (folder(tmp_path) / "state.json").write_text('{"port": ')
    with pytest.raises(StandingError, match=r"state\.json.*Delete it"):
        read_state(tmp_path)
