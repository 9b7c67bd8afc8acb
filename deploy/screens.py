"""Every page of the console, by the route that draws it: what `deploy.screenshots` walks, and a test holds complete."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Screen(StrEnum):
    """What a page is looked at on."""

    DESK = "desk"
    WALL = "wall"
    PHONE = "phone"


SIZES = {Screen.DESK: (1440, 900), Screen.WALL: (1920, 1080), Screen.PHONE: (360, 740)}


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its route as the service declares it, what is asked with it, where it is looked at.

    `is_open`: nobody need be signed in. `is_linked`: it needs a query that only a link to it has.
    """

    name: str
    route: str
    query: str = ""
    screens: tuple[Screen, ...] = (Screen.DESK,)
    is_open: bool = False
    is_linked: bool = False


BOTH = (Screen.DESK, Screen.PHONE)
PAGES = (
    Page("login", "/login", screens=BOTH, is_open=True),
    Page("live", "/"),
    Page("live-all", "/", "state=all"),
    Page("wall", "/wall", "state=all", (Screen.WALL,)),
    Page("case", "/cases/{case_id}", screens=BOTH),
    Page("map", "/map"),
    Page("public-map", "/public/map", screens=BOTH, is_open=True),
    Page("bring", "/bring"),
    Page("silences", "/silences"),
    Page("handover", "/handover"),
    Page("handover-report", "/handover/{number}"),
    Page("figures", "/figures", "by=street"),
    Page("figures-cases", "/figures/cases", is_linked=True),
    Page("registers", "/registers"),
    Page("register", "/registers/{register}"),
    Page("register-row", "/registers/{register}/row"),
    Page("register-findings", "/registers/findings"),
    Page("register-coverage", "/registers/coverage"),
    Page("fleet", "/fleet"),
    Page("node", "/fleet/nodes/{node_id}"),
    Page("node-difference", "/fleet/nodes/{node_id}/diff/{version}"),
    Page("node-policies", "/fleet/nodes/{node_id}/policies"),
    Page("node-bundle", "/fleet/nodes/{node_id}/bundle"),
    Page("camera", "/fleet/cameras/{camera_id}"),
    Page("camera-zones", "/fleet/cameras/{camera_id}/zones"),
    Page("camera-calibration", "/fleet/cameras/{camera_id}/calibration"),
    Page("rollouts", "/rollouts"),
    Page("rules", "/rules"),
    Page("letters", "/letters"),
    Page("letter", "/letters/{letter_id}"),
    Page("people", "/people"),
    Page("me", "/me", screens=BOTH),
    Page("street", "/street", screens=(Screen.PHONE,)),
    Page("street-case", "/street/cases/{case_id}", screens=(Screen.PHONE,)),
    Page("street-offline", "/street/offline", screens=(Screen.PHONE,)),
)
NO_PAGES = {
    "/live": "a stream of events",
    "/live/cases/{case_id}": "a stream of events",
    "/thumbs": "pictures as JSON",
    "/fleet/nodes/{node_id}/policies/weighed": "JSON",
    "/registers/{register}/reports/{name}": "drawn again only for who brought the file, for an hour",
    "/registers/{register}/reports/{name}/rows.csv": "a file",
    "/street/cases/{case_id}/photos/{photo}": "a picture",
    "/street/worker.js": "a script",
    "/street/session": "JSON",
}
"""Other answers to GET outside the API, and why they are no pages."""


def link_to(route: str, links: Iterable[str]) -> str | None:
    """The first of `links` that leads to the route and not to a page with a route of its own.

    >>> link_to("/cases/{case_id}", ["/map", "/cases/01a2?lang=zh"])
    '/cases/01a2?lang=zh'
    """
    pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/?#]+", re.escape(route)) + r"(\?[^#]*)?")
    own = {page.route for page in PAGES} - {route}
    return next((one for one in links if pattern.fullmatch(one) and one.partition("?")[0] not in own), None)
