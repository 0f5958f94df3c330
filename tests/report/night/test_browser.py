"""The page as a reader has it, in a real browser that can reach nothing."""

import os
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.report.night.rows import HOSTILE, ANight
from tests.support.browser import browser, find_chromium

PICTURES = Path(os.environ.get("PALATE_TEST_OUTPUT", Path(__file__).parents[3] / "test-output"))
USERS, PLACES = 610, 10
BEFORE_IT_IS_USABLE = 2.0
BYTES = 3_000_000
WORDS = "Slow films about trains and rain, like Heat but quieter, and nothing with ghosts in it."
FIRST = "document.querySelector('#browse tbody tr')"


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Two nights of 610 users, the second with everything, and what a title may hold at worst."""
    home = tmp_path_factory.mktemp("home")
    ANight(day=1, users=USERS + 1, top=PLACES, scorer="llm").publish(home)
    tonight = ANight(2, USERS + 1, PLACES, [HOSTILE], seed=1, scorer="llm", status="guarded")
    tonight.measure().ask().guard().know({"1": (WORDS, 0.5), "2": (HOSTILE, None)}).write(home)
    return home / "reports" / "latest.html"


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs Chromium: `make chromium` installs Debian's")
    with browser(chromium, tmp_path_factory.mktemp("chromium") / "profile") as page:
        yield page


@pytest.fixture
def page(chrome, night):
    """The page, just opened; whatever a test does, nothing may go wrong or leave the page."""
    chrome.size(1280)
    chrome.prefer("light")
    chrome.open(night)
    yield chrome
    assert chrome.said == []
    assert [url for url in chrome.requests if not url.startswith("data:")] == [night.as_uri()]


def shown(page):
    """How many rows are drawn, and what the table says it has."""
    return page.ask(
        "[document.querySelectorAll('#browse tbody tr').length,"
        " document.getElementById('shown').textContent]"
    )


def column(page, cell):
    return page.ask(
        f"[...document.querySelectorAll('#browse tbody tr')].map((row) => row.{cell}.textContent)"
    )


def press_sort(page, name):
    page.ask(
        "[...document.querySelectorAll('#browse thead button')]"
        f".find((button) => button.textContent === '{name}').click()"
    )


def fill(page, field, text):
    page.ask(f"document.getElementById('{field}').focus()")
    page.type(text)


def test_it_is_small_and_soon_usable(chrome, night):
    assert night.stat().st_size < BYTES
    begun = time.monotonic()
    chrome.open(night)
    assert chrome.ask("document.documentElement.dataset.ready") == "yes"
    assert time.monotonic() - begun < BEFORE_IT_IS_USABLE
    assert shown(chrome)[1] == "6,100 items of 610 users"


def test_rows_are_drawn_a_hundred_at_a_time(page):
    assert shown(page)[0] == 100
    page.ask("document.getElementById('further').click()")
    assert shown(page)[0] == 200
    fill(page, "by-user", "610")
    assert shown(page)[0] == 10 and page.ask("document.getElementById('further').hidden")


def test_filters_narrow_what_is_shown(page):
    fill(page, "by-user", "17")
    number, said = shown(page)
    assert said == "110 items of 11 users" and number == 100
    assert {user[:2] for user in column(page, "cells[0]")} == {"17"}
    page.ask("document.querySelector('#filters button').click()")
    with within(2):
        while shown(page)[1] != "6,100 items of 610 users":
            time.sleep(0.02)
    fill(page, "by-title", "number 12 part")
    assert {title.split(" (")[0] for title in column(page, "cells[2].firstChild")} == {
        "The film of number 12, Part 5"
    }
    page.ask("document.getElementById('only-raised').click()")
    assert all(int(place) > PLACES for place in column(page, "cells[3]"))


@pytest.mark.parametrize("typed", ["the matrix", "matrix 1999", "MATRIX", "The Mátrix (1999)"])
def test_a_title_is_found_as_people_type_it(chrome, tmp_path, typed):
    ANight(1, 3, PLACES, ["Matrix, The"], seed=1).write(tmp_path)
    chrome.open(tmp_path / "reports" / "latest.html")
    named = chrome.ask(
        "JSON.parse(document.getElementById('data').textContent).items"
        ".find(([title]) => title === 'Matrix, The')"
    )
    fill(chrome, "by-title", typed.replace("1999", str(named[1])))
    assert {title.split(" (")[0] for title in column(chrome, "cells[2].firstChild")} == {
        "Matrix, The"
    }


def test_a_filter_that_nothing_passes_leaves_an_empty_table(page):
    fill(page, "by-title", "no such film")
    assert shown(page) == [0, "0 items of 0 users"]


def test_columns_sort_both_ways_and_say_so(page):
    def sorted_by():
        return page.ask(
            "[...document.querySelectorAll('#browse [aria-sort]')]"
            ".map((head) => [head.textContent, head.getAttribute('aria-sort')])"
        )

    assert sorted_by() == [["user", "ascending"]]
    assert column(page, "cells[0]")[:11] == ["1"] * 10 + ["2"], "ids that are numbers, as numbers"
    press_sort(page, "score")
    assert sorted_by() == [["score", "descending"]]
    scores = [float(text) for text in column(page, "cells[8]")]
    assert scores == sorted(scores, reverse=True) and scores[0] > 0.99
    press_sort(page, "score")
    assert sorted_by() == [["score", "ascending"]]
    scores = [float(text) for text in column(page, "cells[8]")]
    assert scores == sorted(scores) and scores[0] < 0.01


def test_a_title_that_looks_like_markup_stays_text(page):
    fill(page, "by-title", HOSTILE)
    assert page.ask(f"{FIRST}.cells[2].querySelector('bdi').textContent") == HOSTILE
    assert page.ask("document.images.length + document.scripts.length") == 2


def test_a_user_opens_both_lists_and_the_keyboard_closes_them(page):
    page.ask(f"{FIRST}.querySelector('button').focus()")
    page.press("Enter", 13, "\r")
    lists = page.ask(
        "[...document.querySelectorAll('#person[open] .pair ol')]"
        ".map((list) => list.children.length)"
    )
    assert lists == [PLACES, PLACES]
    assert page.ask("document.querySelector('#person h2').textContent") == "User 1"
    page.press("Escape", 27)
    assert page.ask("document.querySelector('#person[open]')") is None
    assert page.ask(f"document.activeElement === {FIRST}.querySelector('button')")


def open_person(page, user):
    fill(page, "by-user", user)
    page.ask(f"{FIRST}.querySelector('button').click()")


def texts(page, selector):
    return page.ask(
        f"[...document.querySelectorAll('#person[open] {selector}')].map((one) => one.innerText)"
    )


@pytest.mark.parametrize(("width", "place"), [(1280, "beside"), (390, "above")])
def test_what_a_person_rated_highest_and_typed_stands_by_their_lists(page, width, place):
    page.size(width, 844, mobile=width < 500)
    open_person(page, "1")
    page.shoot(PICTURES / f"night-person-{width}.png", whole=False)
    assert texts(page, "#person-known h3") == ["In their own words", "Rated highest"]
    assert texts(page, "blockquote") == [WORDS]
    assert texts(page, "#person-known .from") == ["typed, to weigh 0.5"]
    liked = texts(page, "#person-known li")
    assert len(liked) == 10
    assert liked[1].split("\n") == ["5", "Loved, Part 1 (1961)", "Comedy"]
    assert liked[9].split("\n")[0] == "3.5"
    assert set(texts(page, "#person-lists .genres")) == {"Drama, Science Fiction"}
    known, lists = (
        page.ask(f"document.getElementById('person-{one}').getBoundingClientRect().toJSON()")
        for one in ("known", "lists")
    )
    if place == "beside":
        assert known["right"] <= lists["left"] and known["top"] == lists["top"]
    else:
        assert known["bottom"] <= lists["top"]
    wide = page.ask("[document.getElementById('person').scrollWidth, innerWidth]")
    assert wide[0] <= wide[1] == width
    assert page.ask(CONTRASTS) == []


def test_what_a_person_typed_stays_text_and_who_typed_nothing_has_no_such_heading(page):
    open_person(page, "2")
    assert page.ask("document.querySelector('#person blockquote bdi').textContent") == HOSTILE
    assert page.ask("document.images.length + document.scripts.length") == 2
    page.press("Escape", 27)
    page.ask("document.querySelector('#filters button').click()")
    open_person(page, "3")
    assert texts(page, "#person-known h3") == ["Rated highest"]
    assert texts(page, "blockquote") == []


def test_where_nobody_rates_favourites_are_what_was_met_most_often(chrome, tmp_path):
    ANight(1, 3, PLACES, seed=1, implicit=True).know(count=1).write(tmp_path)
    chrome.open(tmp_path / "reports" / "latest.html")
    chrome.ask(f"{FIRST}.querySelector('button').click()")
    assert texts(chrome, "#person-known h3") == ["Met most often"]
    assert texts(chrome, "#person-known .given") == ["5 \N{MULTIPLICATION SIGN}"]


def test_where_nothing_is_known_of_a_person_the_lists_have_the_room(chrome, tmp_path):
    ANight(1, 3, PLACES, seed=1).write(tmp_path)
    chrome.open(tmp_path / "reports" / "latest.html")
    chrome.ask(f"{FIRST}.querySelector('button').click()")
    assert not chrome.ask("document.getElementById('person-known').checkVisibility()")
    assert len(texts(chrome, "ol")) == 2


def test_who_was_helped_and_harmed_is_drawn_with_the_hidden_item_marked(page):
    assert page.ask("document.querySelector('#helped summary').textContent").startswith(
        "User 1 gain +0.500"
    )
    assert "\N{MINUS SIGN}0.400" in page.ask(
        "document.querySelector('#harmed summary').textContent"
    )
    starred = page.ask("document.querySelector('#helped li.star').textContent")
    assert HOSTILE in starred and "hidden item" in starred


def test_reasons_stand_beside_the_items(page):
    assert "often rated lately" in page.ask(
        "document.querySelector('#browse .reasons').textContent"
    )
    page.ask(f"{FIRST}.querySelector('button').click()")
    assert page.ask("document.querySelectorAll('#person .reasons').length") > 0
    page.press("Escape", 27)


def test_a_phase_opens_its_stages(page):
    page.ask("document.querySelectorAll('#time .phase summary')[1].click()")
    assert page.ask("document.querySelectorAll('#time .phase')[1].open")
    page.shoot(PICTURES / "night-phases.png", whole=True)


def test_every_control_is_reached_by_keyboard_and_shows_that_it_is(page):
    reached = []
    for _ in range(60):
        page.press("Tab", 9)
        name, outline = page.ask(
            "[document.activeElement.textContent || document.activeElement.id,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert outline != "none", name
        reached.append(name)
    assert reached[0] == "Skip to the figures"
    for name in ("All lists", "by-user", "by-title", "only-new", "Clear", "user", "score"):
        assert name in reached
    page.ask("document.querySelector('.skip').focus()")
    page.press("Enter", 13, "\r")
    assert page.ask("document.activeElement.id") == "main"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(page, scheme):
    page.prefer(scheme)
    page.shoot(PICTURES / f"night-{scheme}.png", whole=False)
    assert page.ask("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    assert page.ask(CONTRASTS) == []


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_down_and_never_sideways(page, width):
    page.size(width, 844, mobile=True)
    page.shoot(PICTURES / f"night-phone-{width}.png", whole=False)
    wide = page.ask("[document.documentElement.scrollWidth, innerWidth]")
    assert wide == [width, width]


@contextmanager
def within(seconds):
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


CONTRASTS = """
(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((parts(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(element);
    if (!own || !element.checkVisibility() || element.closest("script, style")) continue;
    const color = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return [...poor];
})()
"""
"""Elements whose text has less contrast than 4.5 to 1 (WCAG 2.2, 1.4.3)."""
