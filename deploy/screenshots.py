"""`make screenshots`: every page of the console in both languages and both themes, as pictures and contact sheets.

An invented district with some days of history, and a node whose rendered cameras are live: real broker, real central,
real Chromium. Full pages go to ``runs/screenshots`` (ignored), the sheets to docs/images/console. What runs wider than
its screen, and words that look like untranslated keys, are named at the end.
"""

import json
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import httpx
import typer
from paho.mqtt import publish
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from playwright.sync_api import Page as Tab

from deploy.broker import free_port, plan_broker
from deploy.contact_sheets import Shot, write_sheets
from deploy.demo import node_config, start_node
from deploy.parts import Tokens, enrol_node, start_broker, start_central
from deploy.screens import PAGES, SIZES, Page, Screen, link_to
from deploy.supervise import ROOT, PartError, Supervisor

CHROMIUM = "/usr/bin/chromium"
LANGUAGES, THEMES = ("zh", "en"), ("light", "dark")
SETTLE_MS = 1500
"""Pictures of lists are asked for a moment after the page; maps and charts draw themselves in less."""
NODE_ID = "demo-node"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
KEY = re.compile(r"\b(?:[a-z]+_[a-z_]+\.[a-z_.]+|(?:state|what|action|seen|role|kind|player|triage)\.[a-z_]+)\b")


@dataclass(frozen=True, slots=True)
class Town:
    """What is looked at: the console, and where links to pages with an id were found."""

    console: str
    token: str
    links: tuple[str, ...]

    def address(self, page: Page, language: str) -> str | None:
        """The page's address; None where nothing of the kind is there to be shown."""
        is_fixed = "{" not in page.route and not page.is_linked
        path = page.route if is_fixed else link_to(page.route, self.links)
        if path is None:
            return None
        ask = "&".join(part for part in (page.query, f"lang={language}") if part)
        return f"{self.console}{path}{'&' if '?' in path else '?'}{ask}"


def main(
    folder: Annotated[Path, typer.Option(help="Full pages; those that are not drawn anew stay.")] = ROOT
    / "runs"
    / "screenshots",
    sheets: Annotated[Path, typer.Option(help="Contact sheets.")] = ROOT / "docs" / "images" / "console",
    days: Annotated[int, typer.Option(min=1, max=60, help="Of invented history.")] = 6,
    only: Annotated[str, typer.Option(help="Pictures whose name holds this, as case-, -phone- or en-dark.")] = "",
) -> None:
    """Draws them."""
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    supervisor = Supervisor(state)
    try:
        console, token = _bring_up(supervisor, state, days)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM)
            town = Town(console, token, tuple(_links(browser, console, token)))
            count = sum(1 for _ in _walk(browser, town, folder, only))
    except PartError as error:
        raise SystemExit(f"error: {error}") from error
    finally:
        supervisor.stop()
    write_sheets(list(_drawn(folder)), sheets)
    typer.echo(f"{count} pictures drawn into {folder}; sheets in {sheets}")


def _bring_up(supervisor: Supervisor, folder: Path, days: int) -> tuple[str, str]:
    database = f"sqlite:///{folder / 'central.db'}"
    config = folder / "central.yaml"
    config.write_text(
        f"database_url: {database}\nevidence_dir: {folder / 'central-evidence'}\npublic: true\n", encoding="utf-8"
    )
    site = ROOT / "configs" / "site" / "demo.yaml"
    command = [sys.executable, "-m", "central", "demo", "--config", str(config), "--site", str(site)]
    subprocess.run([*command, "--days", str(days)], check=True, cwd=ROOT)
    broker = plan_broker(None, folder)
    start_broker(supervisor, broker)
    tokens = Tokens(operator=secrets.token_urlsafe(16), node=secrets.token_urlsafe(24))
    console = start_central(supervisor, folder, broker.url, free_port(), tokens, site, "--config", str(config))
    node, node_id = node_config(folder, cameras=2)
    enrol_node(console, tokens.operator, node_id, folder / "edge")
    start_node(supervisor, folder, node, broker.url, console, tokens.node)
    assert broker.port is not None
    publish.single(f"xunjie/v1/node/{node_id}/event/live", b"{}", qos=1, hostname="127.0.0.1", port=broker.port)
    with httpx.Client(
        base_url=console, headers={"authorization": f"Bearer {tokens.operator}"}, timeout=30.0, trust_env=False
    ) as client:
        _furnish(supervisor, client)
    return console, tokens.operator


def _furnish(supervisor: Supervisor, client: httpx.Client) -> None:
    """What the engineers' pages show: a live camera, a bundle and its change, a picture to draw on, a handover."""

    def is_live() -> bool:
        nodes = client.get("/api/v1/nodes").json()["items"]
        return any(one["node_id"] == NODE_ID and '"live"' in json.dumps(one) for one in nodes)

    supervisor.wait_until("the node's cameras", is_live)
    bundle = {"cameras": [{"camera_id": f"cam-{number}", "source": f"scene:demo/cam-{number}"} for number in (1, 2)]}
    bundles = f"/api/v1/fleet/nodes/{NODE_ID}/bundles"
    client.post(bundles, json={"content": bundle, "why": "the first one"}).raise_for_status()
    zone = {"name": "pavement", "polygon": [[0.05, 0.55], [0.6, 0.5], [0.65, 0.95], [0.05, 0.95]]}
    bundle["cameras"][0]["zones"] = [zone]  # type: ignore[assignment]
    client.post(bundles, json={"content": bundle, "why": "the pavement has a zone"}).raise_for_status()
    ask = {"ask": {"kind": "calibration_picture", "camera_id": "cam-1"}, "expires_in_s": 120}
    asked = (
        client.post(f"/api/v1/fleet/nodes/{NODE_ID}/requests", json=ask)
        .raise_for_status()
        .json()["request"]["request_id"]
    )
    notes = {"notes": "the scrap yard burns cables at night"}
    client.post("/handover", data=notes, follow_redirects=True).raise_for_status()
    supervisor.wait_until(
        "a picture to draw on", lambda: client.get(f"/api/v1/fleet/requests/{asked}").json()["state"] != "open"
    )


def _signed_in(browser: Browser, town: Town, language: str, theme: str, screen: Screen) -> BrowserContext:
    width, height = SIZES[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN" if language == "zh" else "en-GB",
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.request.get(f"{town.console}/?token={town.token}")
    return context


def _links(browser: Browser, console: str, token: str) -> Iterator[str]:
    """Addresses that pages link to, page by page: those behind an id are found there."""
    town = Town(console, token, ())
    context = _signed_in(browser, town, "zh", "light", Screen.DESK)
    tab, seen, waiting = context.new_page(), set[str](), [page.route for page in PAGES if "{" not in page.route]
    wanted = [page.route for page in PAGES if "{" in page.route]
    while waiting:
        tab.goto(console + waiting.pop(0))
        hrefs: list[str] = tab.eval_on_selector_all(
            "a[href^='/']", "links => links.map(one => one.getAttribute('href'))"
        )
        for href in dict.fromkeys(hrefs):
            fresh = [one for one in wanted if link_to(one, [href]) and not link_to(one, seen)]
            if fresh:
                waiting.append(href)
            if href not in seen:
                seen.add(href)
                yield href
    context.close()


def _walk(browser: Browser, town: Town, folder: Path, only: str) -> Iterator[Path]:
    for language, theme, screen in product(LANGUAGES, THEMES, Screen):
        context = _signed_in(browser, town, language, theme, screen)
        stranger = browser.new_context(
            viewport={"width": SIZES[screen][0], "height": SIZES[screen][1]},
            color_scheme=theme,  # type: ignore[arg-type]
        )
        for page in PAGES:
            path = folder / f"{page.name}-{screen}-{language}-{theme}.png"
            if screen not in page.screens or only not in path.stem:
                continue
            address = town.address(page, language)
            if address is None:
                typer.echo(f"{page.name}: nothing to show", err=True)
                continue
            tab = (stranger if page.is_open else context).new_page()
            for problem in _draw(tab, address, path):
                typer.echo(f"{path.stem}: {problem}")
            tab.close()
            yield path
        context.close()
        stranger.close()


def _drawn(folder: Path) -> Iterator[Shot]:
    """Everything that lies there, in the pages' order."""
    for page in PAGES:
        for screen, language, theme in product(page.screens, LANGUAGES, THEMES):
            path = folder / f"{page.name}-{screen}-{language}-{theme}.png"
            if path.is_file():
                yield Shot(page.name, screen, language, theme, path)


def _draw(tab: Tab, address: str, path: Path) -> Iterator[str]:
    """Draws the page; gives what looks wrong with it at first sight."""
    answer = tab.goto(address)
    tab.wait_for_timeout(SETTLE_MS)
    tab.screenshot(path=path, full_page=True)
    if answer is None or not answer.ok:
        yield f"HTTP {answer.status if answer else 'nothing'}"
    if (wider := tab.evaluate(WIDER)) > 0:
        yield f"{wider} px wider than the screen"
    if keys := sorted(set(KEY.findall(tab.inner_text("body")))):
        yield f"words that look like keys: {', '.join(keys)}"


if __name__ == "__main__":
    typer.run(main)
