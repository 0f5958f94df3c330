"""What can be asked by name."""

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from flows.cli.shown.tables import console


def show_questions(questions: Mapping[str, str]) -> None:
    """One line per question: its name, and what it asks."""
    table = Table("palate sql", "answers", box=None, padding=(0, 2, 0, 0))
    for name, asks in questions.items():
        table.add_row(escape(name), escape(asks))
    console.print(table)
