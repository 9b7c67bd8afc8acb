"""Storms: what is one, what is in it, and that a folded list hides nothing."""

from dataclasses import replace

from central.console.batches import Asked, LiveList
from central.console.filters import FeedFilter, Reach
from central.console.liveview import View
from central.domain.storms import Storm
from central.domain.values import CaseFilter
from central.domain.workflow import CaseState
from central.services.storms import Storms, fold
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import T0, Street, minutes
from tests.central.parts import OPERATOR_TOKEN, Parts

WANTED = CaseFilter(is_by_severity=True)


def grills(parts: Parts, count: int, camera: str, every_s: float, *, first: int = 0, street: Street) -> None:
    """Grills 40 m apart that come one after the other."""
    parts.take(
        *(
            street.event(
                f"{camera}-{number}",
                Seen.GRILL,
                (40.0 * (number % 20) - 400, 40.0 * (number // 20)),
                camera=camera,
                first=T0 + minutes(number * every_s / 60),
                last=T0 + minutes(number * every_s / 60 + 2),
            )
            for number in range(first, first + count)
        )
    )


def folded(parts: Parts, wanted: CaseFilter = WANTED) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """The rows of the list, and by first row how many each storm stands for and how many of them ask."""
    found = fold(parts.reader, wanted, Storms(parts.reader, parts.clock).now())
    rows = parts.reader.listed(found.wanted, 500)
    return rows, {one.first: (one.count, one.asking) for one in found.folds}


def test_eleven_alike_within_ten_minutes_are_one_line_and_ten_are_not(parts: Parts) -> None:
    street = Street()
    grills(parts, 10, "cam-1", 59, street=street)
    assert len(folded(parts)[0]) == 10
    grills(parts, 1, "cam-1", 59, first=10, street=street)
    rows, storms = folded(parts)
    newest = parts.reader.listed(WANTED, 1)
    assert (rows, storms) == (newest, {newest[0]: (11, 11)})


def test_what_comes_more_slowly_stands_by_itself(parts: Parts) -> None:
    grills(parts, 14, "cam-1", 61, street=Street())
    rows, storms = folded(parts)
    assert (len(rows), storms) == (14, {})


def test_a_storm_goes_on_for_as_long_as_it_is_dense_and_hides_nothing(parts: Parts) -> None:
    grills(parts, 60, "cam-1", 30, street=Street())
    rows, storms = folded(parts)
    assert (len(rows), list(storms.values())) == (1, [(60, 60)])
    (storm,) = Storms(parts.reader, parts.clock).now()
    assert len(parts.reader.listed(replace(WANTED, storm=storm), 500)) == 60
    assert sum(parts.reader.tally(WANTED).values()) == 60


def test_what_is_decided_leaves_the_storm_and_another_filter_counts_its_own(parts: Parts) -> None:
    grills(parts, 13, "cam-1", 10, street=Street())
    api, (first, second, *_) = AsgiClient(parts.http, OPERATOR_TOKEN), parts.reader.listed(WANTED, 2)
    api.send("POST", f"/api/v1/cases/{first}/actions/confirm", json={})
    rows, storms = folded(parts)
    assert rows == [first, second]
    assert storms == {second: (12, 12)}
    assert folded(parts, replace(WANTED, states=frozenset({CaseState.CONFIRMED}))) == ([first], {})
    assert folded(parts, replace(WANTED, camera="cam-2")) == ([], {})


def test_an_address_names_the_storm_again() -> None:
    storm = Storm("open_bbq", "370303001", "", 1_780_000_000, 1_780_000_600)
    assert Storm.read(storm.address) == storm


def test_a_page_that_was_made_before_the_storm_was_found_gets_the_folded_list(parts: Parts) -> None:
    grills(parts, 12, "cam-1", 30, street=Street())
    storms = Storms(parts.reader, parts.clock).now()
    change_id = parts.reader.change_range()[1]
    view = View(LiveList.opened(parts.reader, Asked(FeedFilter(), Reach(""), "en"), storms), change_id)
    assert len(view.state.storms) == 1
    assert view.resumed(change_id, frozenset()) is None
    assert view.resumed(change_id, frozenset(view.state.storms)) == 0
    assert view.resumed(change_id) == 0
