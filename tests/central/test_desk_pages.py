"""The console's plain forms: a case by hand, and silences."""

from datetime import timedelta

import pytest

from contract.taxonomy import Seen
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.builders import T0, Street, minutes
from tests.central.parts import LAW, OPERATOR_TOKEN, Parts

OWN = {"Origin": ORIGIN}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}\0"
UNTIL = LAW.local(T0 + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
TALE = {"kind": "exposed_garbage", "source": "inspector", "address": "人民路 12 号"}
SILENCE = {"reason": "road works", "expires_at": UNTIL, "camera": "cam-1"}


class Browser:
    """Signed in, and sends forms with the word of the page that it last saw."""

    def __init__(self, parts: Parts) -> None:
        self._client = AsgiClient(parts.http)
        self._client.get(f"/?token={OPERATOR_TOKEN}")
        self._client.sends_word = False

    def page(self, path: str, lang: str = "en") -> str:
        return self._client.get(f"{path}?lang={lang}").text

    def send(self, path: str, form: dict[str, str], word: str | None = None) -> tuple[int, str, str]:
        given = word if word is not None else self.page("/bring").partition('name="csrf" value="')[2].partition('"')[0]
        answer = self._client.send("POST", path, form=form | {"csrf": given}, headers=OWN)
        return answer.status_code, answer.headers.get("location", ""), answer.text


@pytest.fixture
def browser(file_parts: Parts) -> Browser:
    return Browser(file_parts)


def is_harmless(page: str) -> bool:
    return "<script>alert" not in page and "<img src=x" not in page and "49" not in page.partition("alert(2)")[2][:40]


def test_a_case_is_brought_through_the_form_and_leads_to_its_page(browser: Browser) -> None:
    form = TALE | {"lat": "36.8136", "lon": "118.0549", "description": "two bags"}
    code, path, _ = browser.send("/bring", form)
    assert (code, path.startswith("/cases/")) == (303, True)
    assert "two bags" in browser.page(path)


def test_what_can_not_be_true_comes_back_with_what_was_typed(browser: Browser) -> None:
    for spoilt, named in (
        ({"address": ""}, "place"),
        ({"lat": "36.8"}, "lon"),
        ({"lat": "nan", "lon": "1"}, "lat"),
        ({"kind": "nonsense"}, "kind"),
        ({"source": "video_ai"}, "source"),
        ({"seen_at": "2199-01-01T00:00"}, "future"),
        ({"seen_at": "soon"}, "seen_at"),
    ):
        code, _, page = browser.send("/bring", TALE | {"description": "two bags"} | spoilt)
        assert (code, named in page, "two bags" in page) == (422, True, True), spoilt


def test_a_silence_is_made_keeps_a_case_from_people_and_is_ended(file_parts: Parts, browser: Browser) -> None:
    assert browser.send("/silences", SILENCE)[:2] == (303, "/silences")
    assert "road works" in browser.page("/silences")
    file_parts.take(Street().event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    (case,) = AsgiClient(file_parts.http, OPERATOR_TOKEN).get("/api/v1/cases?state=any").json()["items"]
    assert case["state"] == "observing"
    assert browser.send("/silences/1/end", {})[0] == 303
    assert "/silences/1/end" not in browser.page("/silences")


def test_a_silence_that_names_nothing_or_no_end_is_refused(browser: Browser) -> None:
    for spoilt, named in (
        ({"camera": ""}, "a camera, a zone, a kind or a place"),
        ({"expires_at": ""}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00"}, "expires_at"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"lat": "36.8", "lon": "118.0"}, "radius_m"),
    ):
        code, _, page = browser.send("/silences", SILENCE | spoilt)
        assert (code, named in page) == (422, True), spoilt


def test_a_form_without_the_pages_word_changes_nothing(browser: Browser) -> None:
    for path, form in (("/bring", TALE), ("/silences", SILENCE), ("/silences/1/end", {})):
        assert browser.send(path, form, word="another")[0] == 403
    assert "There is none" in browser.page("/silences")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_text_is_shown_as_text(parts: Parts, lang: str) -> None:
    browser = Browser(parts)
    assert browser.send("/silences", SILENCE | {"reason": HOSTILE, "camera": HOSTILE[:60], "zone": "'><b>"})[0] == 303
    _, path, _ = browser.send("/bring", TALE | {"address": HOSTILE, "description": HOSTILE})
    refused = browser.send("/bring", TALE | {"kind": HOSTILE, "address": HOSTILE, "lat": HOSTILE})[2]
    pages = [browser.page("/silences", lang), browser.page(path, lang), refused]
    assert all("&lt;script&gt;" in page and is_harmless(page) for page in pages)
