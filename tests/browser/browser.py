"""A headless Chromium, and what a test wants to know of a page in it."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.workbench import PATIENCE

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"
FOREIGN_NAME = "elsewhere.example.test"
"""A name that leads to this machine, as an attacker's may."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    f"--host-resolver-rules=MAP {FOREIGN_NAME} 127.0.0.1",
)
OWN = ("chrome", "data:", "about:", "devtools:")
"""What the browser fetches for itself begins so."""


def why_absent() -> str:
    """Why there is no browser here; empty where there is one."""
    if not any(map(shutil.which, CHROMIUM)):
        return "no Chromium is installed (Debian: apt-get install chromium chromium-driver)"
    if not shutil.which(DRIVER):
        return "no chromedriver is installed (Debian: apt-get install chromium-driver)"
    return ""


class Browser:
    """One browser. Everything that it fetched and that it complained of is remembered."""

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver
        self._fetched: list[str] = []
        self._complaints: list[str] = []

    # --- going places -------------------------------------------------------------------------

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._driver.get(address)

    def set_screen(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Be a screen of this size, light or dark."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        self._devtools("Emulation.setDeviceMetricsOverride", mobile=width < 600, **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", media="", features=[scheme])

    def set_paper(self, width: int) -> None:
        """Lay pages out as they are printed by a machine that is set to dark."""
        self.set_screen(width, dark=True)
        dark = {"name": "prefers-color-scheme", "value": "dark"}
        self._devtools("Emulation.setEmulatedMedia", media="print", features=[dark])

    # --- looking ------------------------------------------------------------------------------

    def text(self, selector: str) -> str:
        """The text that an element shows, once it is there."""
        texts = self.wait(
            lambda: [one.text for one in self.all(selector)[:1]], f"{selector} on the page"
        )
        text: str = texts[0]
        return text

    def find(self, selector: str) -> WebElement:
        """The first such element, once it is there."""
        found: WebElement = self.wait(lambda: self.all(selector), f"{selector} on the page")[0]
        return found

    def all(self, selector: str) -> list[WebElement]:
        """All such elements that are there now."""
        return self._driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, what: Callable[[], Any], wanted: str) -> Any:
        """The first true value of `what`."""
        # The page may draw an element again between finding and reading it.
        again = [StaleElementReferenceException]
        waiting = WebDriverWait(self._driver, PATIENCE, 0.05, again)
        return waiting.until(lambda _: what(), f"waited in vain for {wanted}")

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self._driver.execute_script(script, *arguments)

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the screen."""
        wide: bool = self.run(
            "const root = document.documentElement; return root.scrollWidth > root.clientWidth"
        )
        return wide

    def type(self, selector: str, text: str) -> None:
        """Type into a field, or choose from a list."""
        field = self.find(selector)
        if field.tag_name == "input":
            field.clear()
        field.send_keys(text)

    @contextmanager
    def new_tab(self, open_it: Callable[[], None]) -> Iterator[None]:
        """Look at the tab that `open_it` opens; close it in the end."""
        here = self._driver.current_window_handle
        open_it()
        there = self.wait(lambda: set(self._driver.window_handles) - {here}, "a new tab").pop()
        self._driver.switch_to.window(there)
        try:
            yield
        finally:
            self._driver.close()
            self._driver.switch_to.window(here)

    @property
    def address(self) -> str:
        """What the address bar shows."""
        return self._driver.current_url

    def forget(self) -> None:
        """Begin a new record of what is fetched and complained of."""
        self.fetched()
        self.complaints()
        self._fetched, self._complaints = [], []

    def fetched(self) -> list[str]:
        """The addresses of all requests since the record began."""
        for entry in self._driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._fetched.append(message["params"]["request"]["url"])
        return [one for one in self._fetched if not one.startswith(OWN)]

    def complaints(self) -> list[str]:
        """What stands in the browser's console since: errors, and violated policies."""
        self._complaints += [entry["message"] for entry in self._driver.get_log("browser")]
        return self._complaints

    # --- keeping ------------------------------------------------------------------------------

    def picture(self, file: Path, *, tallest: int) -> None:
        """Save the page as a PNG from its top, as far as `tallest` pixels down."""
        size = self._devtools("Page.getLayoutMetrics")["cssContentSize"]
        area = {"width": size["width"], "height": min(tallest, size["height"])}
        taken = self._devtools(
            "Page.captureScreenshot",
            captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "scale": 1, **area},
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(taken["data"]))

    def printed(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self._devtools("Page.printToPDF", printBackground=True)["data"])

    def _devtools(self, command: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._driver.execute_cdp_cmd(command, parameters)
        return answer


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, which is made in `profile`."""
    options = ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, CHROMIUM)))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # A driver that is named is used as it is; else selenium would look for one to download.
    service = ChromeService(executable_path=shutil.which(DRIVER), env=os.environ | {"TZ": "UTC"})
    driver = Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
