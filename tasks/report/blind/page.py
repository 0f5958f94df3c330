"""The pages as HTML: before the choice they hold nothing that tells the lists apart."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup

from tasks.report.blind.pair import LETTERS, Chosen, Draw, Letter, ListedItem, Pair
from tasks.report.text import environment, model_name

Listed = list[tuple[Letter, tuple[ListedItem, ...]]]


def choice_page(pair: Pair, draw: Draw) -> str:
    """Both lists and the three answers."""
    return _render("choice.html.j2", lists=_lettered(pair, draw))


def thanks_page(pair: Pair, draw: Draw, chosen: Chosen) -> str:
    """What was chosen, and which list was which."""
    return _render(
        "thanks.html.j2",
        lists=_lettered(pair, draw),
        reranked=draw.letter_of("reranked"),
        chosen=None if chosen == "neither" else draw.letter_of(chosen),
        model=model_name(pair.model),
    )


def refusal_page(heading: str, reason: str, onward: str | None = None) -> str:
    """Why there is nothing to see; `onward` is the text of a link to the lists."""
    return _render("refusal.html.j2", heading=heading, reason=reason, onward=onward)


@cache
def security_policy() -> str:
    """The Content-Security-Policy: nothing but our own style sheet, forms only to ourselves."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )


def _lettered(pair: Pair, draw: Draw) -> Listed:
    return [(letter, pair.named(draw.list_at(letter))) for letter in LETTERS]


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(style=_style(), **values)


@cache
def _environment() -> Environment:
    return environment(__package__, autoescape=True)


@cache
def _style() -> Markup:
    """The style sheet, as it stands in every page."""
    file = files(__package__).joinpath("templates/page.css")
    return Markup(file.read_text(encoding="utf-8"))  # noqa: S704 - our own file, no values in it
