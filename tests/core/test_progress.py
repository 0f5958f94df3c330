from tasks.core.progress import say, telling


def test_lines_are_told_as_plain_text_and_only_inside() -> None:
    told: list[str] = []
    with telling(told.append):
        say("  train, tonight: [green]cached[/], 10 rows")
        say("  pip install palate\\[trees]")
    say("nobody hears this")
    assert told == ["train, tonight: cached, 10 rows", "pip install palate[trees]"]
