"""What a command says of its work: on the screen, to a function, and in a log."""

import io
import re
import threading
import time

import pytest
from rich.console import Console

from tasks.core import phases, progress, screen
from tasks.core.progress import (
    LOGS_KEPT,
    Log,
    bar,
    count_stage,
    current_phase,
    lines_to,
    log_for,
    name_log,
    note,
    outcome,
    phase,
    say,
)

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


@pytest.fixture
def terminal(monkeypatch):
    """What the terminal showed, its live lines included."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(screen, "console", console)
    return written


def lines_of(log):
    return [STAMP.sub("", line) for line in log.path.read_text("utf-8").splitlines()]


def test_lines_are_plain_text_and_come_only_from_inside():
    lines: list[str] = []
    with lines_to(lines.append):
        say("  train, tonight: [green]cached[/], 10 rows")
        note("  pip install palate\\[trees]")
    say("nobody hears this")
    assert lines == ["train, tonight: cached, 10 rows", "pip install palate[trees]"]


def test_a_phase_ends_with_one_line_of_what_came_of_it():
    lines: list[str] = []
    with lines_to(lines.append), phase(phases.LEARN):
        assert current_phase() == "Learn the order"
        for cached in (True, False, True):
            count_stage(cached=cached)
        outcome("201,300 pairs")
        outcome("6 models")
    assert current_phase() == ""
    (line,) = lines
    pattern = r"Learn the order +0\.\d s   201,300 pairs, 6 models \(2 of 3 stages cached\)"
    assert re.fullmatch(pattern, line)


def test_a_phase_in_another_belongs_to_the_outermost():
    lines: list[str] = []
    with lines_to(lines.append), phase("Measure"):
        with phase("Rank"):
            assert current_phase() == "Measure"
            outcome("10 lists")
        assert current_phase() == "Measure"
    assert len(lines) == 1 and lines[0].startswith("Measure") and "10 lists" in lines[0]


def test_a_phase_that_fails_says_so_and_raises():
    lines: list[str] = []
    with pytest.raises(KeyError), lines_to(lines.append), phase("Rank"):
        raise KeyError("secret")
    assert len(lines) == 1 and lines[0].endswith("not finished: KeyError")
    assert current_phase() == ""


def test_outside_of_a_phase_nothing_is_counted():
    count_stage(cached=True)
    outcome("nothing")
    assert current_phase() == ""


@pytest.mark.parametrize("verbose", [False, True])
def test_stages_are_always_in_the_log_and_on_the_screen_only_where_asked_for(
    terminal, tmp_path, verbose
):
    log = log_for(tmp_path, "run-1")
    with progress.screen(log, verbose=verbose), phase("Rank"):
        note("  score: 1.0 s, 10 rows")
        say("a line for all")
    shown = terminal.getvalue()
    assert "a line for all" in shown and ("score: 1.0 s" in shown) is verbose
    assert log.path == tmp_path / "logs" / "run-1.log"
    assert lines_of(log)[:2] == ["  score: 1.0 s, 10 rows", "a line for all"]
    assert lines_of(log)[2].startswith("Rank ")


def test_a_short_phase_has_no_line_on_the_screen_and_one_in_the_log(terminal, tmp_path):
    log = log_for(tmp_path, "run-1")
    with progress.screen(log, least=60.0), phase("Rank"):
        outcome("10 lists")
    assert "10 lists" not in terminal.getvalue()
    (line,) = lines_of(log)
    assert line.startswith("Rank ") and line.endswith("10 lists")


def test_a_phase_that_is_long_enough_has_its_line(terminal, tmp_path, monkeypatch):
    log = log_for(tmp_path, "run-1")
    with progress.screen(log, least=60.0), phase("Rank"):
        outcome("10 lists")
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 61.0)
    assert "61.0 s   10 lists" in terminal.getvalue()
    assert len(lines_of(log)) == 1


def test_a_short_phase_has_its_line_where_stages_have_theirs(terminal):
    with progress.screen(verbose=True, least=60.0), phase("Rank"):
        outcome("10 lists")
    assert "10 lists" in terminal.getvalue()


def test_a_short_phase_that_fails_is_on_the_screen(terminal):
    with pytest.raises(KeyError), progress.screen(least=60.0), phase("Rank"):
        raise KeyError
    assert "not finished: KeyError" in terminal.getvalue()


def test_the_live_line_shows_the_phase_and_the_outermost_bar_that_has_a_total(terminal):
    two = bar("chunks", total=4), bar("asking [x]", total=10)
    with progress.screen(), phase("Fit models"), two[0] as chunks, two[1] as asking:
        asking(5, note="$0.02")
        chunks(1)
        assert progress._screen
        progress._screen._display.refresh()
    shown = terminal.getvalue()
    assert "Fit models: chunks; asking [x] $0.02" in shown and "25%" in shown
    assert "50%" not in shown


def test_bars_of_threads_come_and_go_side_by_side(terminal):
    def count():
        for _ in range(20):
            with bar("asking", total=3) as advance:
                advance(3, note="now")

    with progress.screen():
        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert progress._screen and not progress._screen._bars


def test_what_counts_after_its_bar_is_gone_counts_nothing(terminal):
    """Ctrl-C ends the bars while threads still take in what was asked before."""
    with progress.screen():
        with bar("asking", 3) as advance:
            advance(1, "1 request")
        advance(1)
        advance(1, "2 requests")


def test_the_first_run_of_a_command_names_its_log(tmp_path):
    log = log_for(tmp_path)
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", log.path.stem)
    with lines_to(lambda _line: None, log):
        say("before")
        name_log("run-1")
        say("after")
        name_log("run-2")
    assert log.path.name == "run-1.log" and lines_of(log) == ["before", "after"]
    assert [file.name for file in (tmp_path / "logs").iterdir()] == ["run-1.log"]


def test_a_run_that_is_resumed_appends_and_old_logs_go(tmp_path):
    for number in range(LOGS_KEPT + 3):
        Log(tmp_path / f"run-{number:02}.log").write("a line")
    Log(tmp_path / "run-32.log").write("another")
    assert len(list(tmp_path.iterdir())) == LOGS_KEPT
    assert lines_of(Log(tmp_path / "run-32.log")) == ["a line", "another"]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "logs").write_text("no folder")
    with lines_to(lambda _line: None, log_for(tmp_path)):
        say("a line")
        name_log("run-1")
