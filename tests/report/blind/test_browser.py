"""The page in a real browser: by keyboard, without scripts, on a phone in the dark."""

from pathlib import Path

import pytest

from tests.report.blind.visitor import Question
from tests.support.browser import browser, find_chromium

WIDTH = 320
TAB, ENTER = ("Tab", 9), ("Enter", 13, "\r")


def test_somebody_chooses_by_keyboard_and_is_thanked(tmp_path: Path) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs Chromium: make chromium")
    question = Question()
    with browser(chromium, tmp_path) as page:
        page.without_scripts()
        page.size(WIDTH, 640, mobile=True)
        page.prefer("dark")
        page.go(question.address)
        assert page.ask("location.href") == f"http://{question.address.split('/')[2]}/"
        assert page.ask("document.querySelectorAll('section').length") == 2
        assert "Smoke" in page.ask("document.body.innerText")
        assert page.ask("document.documentElement.scrollWidth") <= WIDTH
        ground = page.ask("getComputedStyle(document.body).backgroundColor")
        assert max(int(part) for part in ground[4:-1].split(",")) < 64, "dark: the style applies"
        for button in ("I prefer A", "No difference", "I prefer B"):
            page.press(*TAB)
            assert page.ask("document.activeElement.innerText") == button
        page.leave_by(*ENTER)
        text = page.ask("document.body.innerText")
        assert "Thank you" in text and "You chose list B" in text
        chosen = question.draw.list_at("B")
        assert question.end() == chosen and question.kept == [chosen]
        assert page.said == []
