"""The form of a deployment in Prefect's UI, as somebody has it in a browser."""

import time
from pathlib import Path

import pytest

from tests.support.browser import browser, find_chromium
from tests.support.stack import Stack

SECONDS = 60.0


@pytest.mark.slow
def test_the_form_of_a_night_shows_the_few_first_then_groups(stack: Stack, tmp_path: Path) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs Chromium: `make chromium` installs Debian's")
    deployment = stack.api("deployments/name/nightly/nightly")["id"]
    server = stack.state.url.removesuffix("/api")
    with browser(chromium, tmp_path / "profile") as page:
        page.size(1200, 1600)
        page.go(f"{server}/deployments/deployment/{deployment}/run")
        deadline = time.monotonic() + SECONDS
        while "Night after night: guard" not in (text := page.ask("document.body.innerText")):
            assert time.monotonic() < deadline, text
            time.sleep(0.5)
    order = ["data", "Method: model", "Learned order: learn", "Night after night: refit"]
    places = [text.lower().index(f"\n{name.lower()}") for name in order]
    assert places == sorted(places)
    assert "Default: ease." in text
