"""Chromium for the tests: launched, visited and left in one way, and waited for as long as a busy machine may take."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 60_000
"""Every wait ends by what it waits for; only one that is in vain takes so long."""
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
_AHEAD_S = 3600.0


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; from here on every `expect` has the patience of `PATIENCE_MS`."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET, timeout=PATIENCE_MS)


@contextmanager
def visit(
    browser: Browser, locale: str = "zh-CN", width: int = 1280, *, height: int = 800, expected: str
) -> Iterator[Page]:
    """A page that fails the test on any error of its scripts or word on its console that `expected` isn't found in."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if said.type == "error" and not re.search(expected, said.text) else None,
    )
    try:
        yield page
    finally:
        context.close()
    assert errors == []


def stop_time(page: Page) -> None:
    """From now on the page's time and timers move only by `page.clock.fast_forward`, however long the test takes."""
    now_s = time.time()
    page.clock.install(time=now_s)
    page.clock.pause_at(now_s + _AHEAD_S)


def fix_time(page: Page) -> None:
    """From now on it is always the same moment for the page; its timers go on."""
    page.clock.set_fixed_time(time.time())
