"""A data set whose items file lacks too much stops every command, however often it is read."""

from pathlib import Path

from tests.data.test_strangers import folder_of
from tests.support.in_process import Terminal


def test_a_command_stops_on_it_also_when_the_data_were_read_before(
    tmp_path: Path, server: str
) -> None:
    folder = folder_of(tmp_path / "data", 20, 80)
    for _ in range(2):
        done = Terminal(tmp_path / "home", server).run("nightly", "--data", folder)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert f"{folder / 'ratings.csv'}, row 82, column 'item': 20 of 100" in done.stderr
