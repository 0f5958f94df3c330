"""A headless Chromium, driven over its own DevTools protocol: a page as a reader has it."""

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import connect
from websockets.sync.connection import Connection

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ALONE = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0"),
)
START_SECONDS, ANSWER_SECONDS = 30.0, 30.0


def find_chromium() -> str | None:
    """Where it is installed, if it is."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser(chromium: str, folder: Path) -> Iterator["Page"]:
    """One page of a browser that starts with nothing: its profile is new, in `folder`."""
    command = [chromium, *ALONE, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_address(folder, process), max_size=None, proxy=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait(ANSWER_SECONDS)


def _address(folder: Path, process: subprocess.Popen[bytes]) -> str:
    announced = folder / "DevToolsActivePort"
    deadline = time.monotonic() + START_SECONDS
    while not announced.exists() or "\n" not in announced.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Chromium did not start in {folder}")
        time.sleep(0.02)
    port, path = announced.read_text().splitlines()
    return f"ws://127.0.0.1:{port}{path}"


class Page:
    """A tab. `said`: what went wrong in it; `requests`: every address that it asked for."""

    def __init__(self, socket: Connection) -> None:
        self._socket, self._numbers, self._session = socket, itertools.count(1), ""
        self.said: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        target = self._do("Target.createTarget", url="about:blank")["targetId"]
        told = self._do("Target.attachToTarget", targetId=target, flatten=True)
        self._session = told["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._do(f"{domain}.enable")

    def open(self, file: Path) -> None:
        """Load a file, up to its load event; what an earlier page did is forgotten."""
        self.go(file.resolve().as_uri())

    def go(self, address: str) -> None:
        """The same with an address."""
        self.said, self.requests, self._loaded = [], [], False
        self._do("Page.navigate", url=address)
        self._wait()

    def leave_by(self, key: str, code: int, text: str = "") -> None:
        """One key that loads another page, up to that one's load event."""
        self._loaded = False
        self.press(key, code, text)
        self._wait()

    def _wait(self) -> None:
        while not self._loaded:
            self._hear(self._next())

    def without_scripts(self) -> None:
        """As where a reader allows no JavaScript: `ask` works all the same."""
        self._do("Emulation.setScriptExecutionDisabled", value=True)

    def ask(self, expression: str) -> Any:
        """What a JavaScript expression gives."""
        told = self._do(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in told:
            raise RuntimeError(f"{expression}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def press(self, key: str, code: int, text: str = "", shift: bool = False) -> None:
        """One key, as from a keyboard."""
        given = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self._do("Input.dispatchKeyEvent", type="keyDown", text=text, **given)
        self._do("Input.dispatchKeyEvent", type="keyUp", **given)

    def type(self, text: str) -> None:
        """Into whatever has the focus."""
        self._do("Input.insertText", text=text)

    def size(self, width: int, height: int = 900, mobile: bool = False) -> None:
        """A window of so many pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self._do("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, scheme: str) -> None:
        """`light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._do("Emulation.setEmulatedMedia", features=[feature])

    def shoot(self, target: Path, whole: bool = True) -> Path:
        """A picture of the window, or of the whole page."""
        data = self._do("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(base64.b64decode(data))
        return target

    def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | self._in_session))
        while True:
            told = self._next()
            if told.get("id") == number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                result: dict[str, Any] = told["result"]
                return result
            self._hear(told)

    @property
    def _in_session(self) -> dict[str, str]:
        return {"sessionId": self._session} if self._session else {}

    def _next(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._socket.recv(timeout=ANSWER_SECONDS))
        return told

    def _hear(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.said.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" | "Log.entryAdded":
                self.said.append(str(told))
            case "Page.loadEventFired":
                self._loaded = True
