"""Real browsers that show the live list and note when a row of a new case stood on the screen."""

import importlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contract.errors import UsageError

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PATIENCE_MS = 120_000
_NOTE = r"""
window.seen = {};
window.took = [];
document.addEventListener("batch", ({ detail }) => {
  window.took.push(detail.took);
  const names = detail.batch.rows?.join(" ").match(/new-\d+-\d+/g) ?? [];
  const note = () => { for (const name of names) window.seen[name] ??= Date.now(); };
  if (names.length) requestAnimationFrame(() => setTimeout(note));
});
"""
"""After the frame that shows the row was drawn."""


class Watchers:
    """Some pages of one browser."""

    def __init__(self, pages: list[Any]) -> None:
        self._pages = pages

    def script_s(self) -> list[float]:
        """Of all pages: how long each batch kept the page's scripts busy."""
        return [took / 1000 for page in self._pages for took in page.evaluate("window.took")]

    def seen(self) -> list[dict[str, float]]:
        """Page by page: the name → when its row stood on the screen, in seconds since 1970."""
        return [{name: at / 1000 for name, at in page.evaluate("window.seen").items()} for page in self._pages]

    def first_load(self) -> list[float]:
        """Page by page: seconds from the request until the list stood there."""
        timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        return [page.evaluate(timing) / 1000 for page in self._pages]


@contextmanager
def watchers(url: str, token: str, count: int) -> Iterator[Watchers]:
    """`count` pages, each signed in and connected.

    Raises:
        UsageError: there is no browser or no driver for it.
    """
    chromium = shutil.which("chromium")
    try:
        driver = importlib.import_module("playwright.sync_api")
    except ImportError as error:
        raise UsageError("no driver for browsers: pip install -r requirements/dev.txt") from error
    if chromium is None:
        raise UsageError("no chromium here: make test-deps installs it")
    with driver.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=list(FLAGS))
        pages = []
        for _ in range(count):
            page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.add_init_script(_NOTE)
            page.goto(f"{url}?token={token}")
            page.wait_for_selector(".connection.on")
            pages.append(page)
        yield Watchers(pages)
        browser.close()
