"""The page in a real browser: by keyboard, without scripts, on a phone in the dark."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.comparing.visitor import Question

PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium (apt install chromium)")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


def test_somebody_chooses_by_keyboard_and_is_thanked(browser: Any):
    question = Question()
    page = browser.new_page(java_script_enabled=False, viewport=PHONE, color_scheme="dark")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(question.address)
    assert page.url == f"http://{question.address.split('/')[2]}/"
    assert page.locator("section").count() == 2 and page.get_by_text("Smoke").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in ground[4:-1].split(",")) < 64  # dark, so the style applies
    for button in ("I prefer A", "No difference", "I prefer B"):
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == button
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Thank you").wait_for()
    chosen = question.draw.list_at("B")
    assert page.get_by_text("You chose list B").is_visible()
    assert question.end() == chosen and question.kept == [chosen]
    assert complaints == []
