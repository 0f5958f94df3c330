import time

from tests.bench import timing


def test_both_sides_are_timed_in_turn_and_the_fastest_of_each_counts(monkeypatch):
    moments = iter([0, 5, 5, 6, 10, 12, 12, 19])
    monkeypatch.setattr(time, "perf_counter", lambda: next(moments))
    asked = []

    def ask(whom):
        asked.append(whom)
        return len(asked)

    ours, theirs = timing.in_turn(2, lambda: ask("ours"), lambda: ask("theirs"))
    assert asked == ["ours", "theirs"] * 2
    assert (ours, theirs) == ((2, 3), (1, 2))
