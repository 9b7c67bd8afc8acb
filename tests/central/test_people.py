"""Accounts, signing in, sessions and roles: who gets in, who waits, and what becomes of what was typed."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.domain.passwords import Weakness, weakness
from central.domain.people import Operator, Place, login_of, read_name, refusal
from central.domain.workflow_words import PEOPLE, Role
from central.services.doors import SignInRefused, Visitor
from central.services.hashing import Cost, Hasher, commonest_passwords
from central.services.people import By, PeopleDesk, Rights
from central.store import people, sessions
from contract.errors import UsageError
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.commandline import CommandLine
from tests.central.databases import fresh_sqlite
from tests.central.parts import OPERATOR_TOKEN, QUICK_HASHER, Parts

SAME_ORIGIN = {"Origin": ORIGIN}
PASSWORD = "seven quiet bicycles"
OTHER = "eleven loud pigeons"
HERE = Visitor("10.0.0.7", "test")
BY = By("test")
REVIEWER = Rights(frozenset({Role.REVIEWER}))


def account(parts: Parts, name: str = "wang", *roles: Role, district: str = "", is_new: bool = False) -> None:
    rights = Rights(frozenset(roles) or REVIEWER.roles, district)
    parts.people.add(name, PASSWORD, rights, BY, must_change=is_new)


def signed_in(parts: Parts, name: str = "wang", password: str = PASSWORD) -> AsgiClient:
    client = AsgiClient(parts.http)
    answer = client.send("POST", "/login", form={"name": name, "password": password}, headers=SAME_ORIGIN)
    assert answer.status_code == 303, answer.text
    return client


def log_of(parts: Parts) -> list[tuple[str, str]]:
    return [(line.what.value, line.who) for line in parts.people.log(50)]


def test_a_person_signs_in_and_their_session_says_who_they_are(parts: Parts) -> None:
    account(parts, "王五", Role.REVIEWER, Role.INSPECTOR, district="370303")
    client = signed_in(parts, "王五")
    me = client.get("/api/v1/me").json()
    assert (me["name"], me["roles"], me["district"]) == ("王五", ["inspector", "reviewer"], "370303")
    assert len(me["sessions"]) == 1
    assert "王五" in client.get("/").text
    assert ("signed_in", "王五") in log_of(parts)


def test_the_database_keeps_neither_password_nor_session(parts: Parts) -> None:
    account(parts)
    client = signed_in(parts)
    session_id = client.cookies["xunjie_session"]
    with parts.database.read() as connection:
        kept = people.by_login(connection, "wang")
        found = sessions.of_account(connection, kept.account) if kept else []
    assert kept is not None
    assert kept.password.startswith("$argon2id$")
    assert PASSWORD not in kept.password
    assert session_id not in str(found)
    assert "argon2" not in repr(kept)


@pytest.mark.parametrize(("name", "password"), [("wang", OTHER), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")])
def test_whoever_may_not_in_gets_one_and_the_same_answer(parts: Parts, name: str, password: str) -> None:
    account(parts)
    account(parts, "gone")
    parts.people.set_disabled("gone", BY, is_disabled=True)
    answer = AsgiClient(parts.http).send(
        "POST", "/login?lang=en", form={"name": name, "password": password}, headers=SAME_ORIGIN
    )
    assert answer.status_code == 401
    assert "The name, the password or the token is not right." in answer.text
    assert password not in answer.text or not password
    assert "set-cookie" not in {key for key in answer.headers if "xunjie_session" in answer.headers[key]}


def test_an_unknown_name_costs_as_much_work_as_a_known_one() -> None:
    looked: list[str] = []

    class Counting(Hasher):
        def is_right(self, kept: str | None, password: str) -> bool:
            looked.append("known" if kept else "unknown")
            return super().is_right(kept, password)

    hasher = Counting(Cost(passes=1, memory_kib=8, lanes=1))
    assert not hasher.is_right(None, "x")
    assert not hasher.is_right(None, "nobody has this password")
    assert looked == ["unknown", "unknown"]


def test_a_hash_of_another_cost_is_renewed_at_sign_in(parts: Parts) -> None:
    dearer = Hasher(Cost(passes=2, memory_kib=16, lanes=1))
    PeopleDesk(parts.database, dearer, parts.clock).add("wang", PASSWORD, REVIEWER, BY)
    before = parts.people.person("wang").password
    signed_in(parts)
    after = parts.people.person("wang").password
    assert after != before
    assert not QUICK_HASHER.is_outdated(after)


def test_sixteen_wrong_tries_at_one_moment_are_sixteen_tries(parts: Parts) -> None:
    account(parts)
    together = threading.Barrier(16)

    def attempt(_number: int) -> bool:
        together.wait()
        with pytest.raises(SignInRefused) as refused:
            parts.doors.sign_in("wang", OTHER, HERE)
        return refused.value.ready_at is None

    with ThreadPoolExecutor(16) as pool:
        looked_at = sum(pool.map(attempt, range(16)))
    assert looked_at == 5  # as many as are free; the others were told to wait
    with pytest.raises(SignInRefused) as refused:
        parts.doors.sign_in("wang", PASSWORD, HERE)
    assert refused.value.ready_at is not None


def test_waits_grow_and_end_and_the_right_password_forgives(parts: Parts) -> None:
    account(parts)
    waits: list[float] = []
    for _ in range(8):
        with pytest.raises(SignInRefused) as refused:
            parts.doors.sign_in("wang", OTHER, HERE)
        if refused.value.ready_at is not None:
            waits.append((refused.value.ready_at - parts.clock.now()).total_seconds())
            parts.clock.sleep(waits[-1])
            with pytest.raises(SignInRefused):
                parts.doors.sign_in("wang", OTHER, HERE)
    assert waits == [5.0, 10.0, 20.0]
    parts.clock.sleep(40.0)
    assert parts.doors.sign_in("Wang", PASSWORD, HERE)
    with pytest.raises(SignInRefused) as again:
        parts.doors.sign_in("wang", OTHER, HERE)
    assert again.value.ready_at is None


def test_one_address_can_not_try_every_name(parts: Parts) -> None:
    account(parts)
    for number in range(30):
        with pytest.raises(SignInRefused):
            parts.doors.sign_in(f"name{number}", OTHER, Visitor(f"2001:db8::{number + 1:x}"))
    with pytest.raises(SignInRefused) as refused:
        parts.doors.sign_in("wang", PASSWORD, Visitor("2001:db8::ffff"))
    assert refused.value.ready_at is not None
    assert parts.doors.sign_in("wang", PASSWORD, Visitor("10.0.0.8"))


def test_sessions_end_by_idleness_by_age_and_by_signing_out(parts: Parts) -> None:
    account(parts)
    idle, busy, out = signed_in(parts), signed_in(parts), signed_in(parts)
    assert out.send("POST", "/logout", headers=SAME_ORIGIN).status_code == 303
    assert out.get("/").status_code == 303
    for _ in range(12):
        parts.clock.sleep(timedelta(minutes=59).total_seconds())
        assert busy.get("/").status_code == 200
    assert idle.get("/").status_code == 303
    parts.clock.sleep(timedelta(minutes=13).total_seconds())
    assert busy.get("/").status_code == 303


def test_a_new_password_a_disabled_account_and_signing_out_everywhere_end_all_sessions(parts: Parts) -> None:
    account(parts)
    first, second = signed_in(parts), signed_in(parts)
    form = {"old": PASSWORD, "new": OTHER, "again": OTHER}
    assert first.send("POST", "/me/password", form=form, headers=SAME_ORIGIN).headers["location"].startswith("/login")
    assert [client.get("/").status_code for client in (first, second)] == [303, 303]
    third, fourth = signed_in(parts, password=OTHER), signed_in(parts, password=OTHER)
    assert third.send("POST", "/me/sign-out-everywhere", headers=SAME_ORIGIN).status_code == 303
    assert fourth.get("/").status_code == 303
    fifth = signed_in(parts, password=OTHER)
    parts.people.set_disabled("wang", BY, is_disabled=True)
    assert fifth.get("/").status_code == 303


def test_a_wrong_old_password_changes_nothing_and_counts_as_a_try(parts: Parts) -> None:
    account(parts)
    client = signed_in(parts)
    body = {"old": OTHER, "new": "nine patient umbrellas"}
    answers = [client.send("POST", "/api/v1/me/password", json=body, headers=SAME_ORIGIN).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    assert client.get("/").status_code == 200


def test_a_given_password_is_good_for_choosing_ones_own(parts: Parts) -> None:
    account(parts, is_new=True)
    client = signed_in(parts)
    assert client.get("/").headers["location"] == "/me"
    assert client.get("/api/v1/cases").status_code == 403
    assert "设置的初始密码" in client.get("/me").text
    weak = client.send(
        "POST", "/me/password", form={"old": PASSWORD, "new": "short", "again": "short"}, headers=SAME_ORIGIN
    )
    assert (weak.status_code, "至少需要 10 个字符" in weak.text) == (422, True)
    form = {"old": PASSWORD, "new": OTHER, "again": OTHER}
    client.send("POST", "/me/password", form=form, headers=SAME_ORIGIN)
    assert signed_in(parts, password=OTHER).get("/").status_code == 200


def test_a_form_without_the_pages_word_is_refused_and_every_page_has_it(parts: Parts) -> None:
    account(parts)
    client = signed_in(parts)
    page = client.get("/me").text
    assert page.count('name="csrf"') == page.count('method="post"') >= 3
    client.sends_word = False
    assert client.send("POST", "/logout", headers=SAME_ORIGIN).status_code == 403
    assert client.send("POST", "/logout", headers=SAME_ORIGIN, form={"csrf": "0" * 64}).status_code == 403
    word = page.partition('name="csrf" value="')[2][:64]
    assert client.send("POST", "/logout", headers=SAME_ORIGIN, form={"csrf": word}).status_code == 303
    assert ("denied", "wang") in log_of(parts)


def test_what_was_typed_comes_back_after_signing_in_again(parts: Parts) -> None:
    account(parts)
    client = AsgiClient(parts.http)
    browser = SAME_ORIGIN | {"Accept": "text/html,application/xhtml+xml"}
    path = "/cases/00000000-0000-7000-8000-000000000000/actions/reopen"
    asked = client.send("POST", path, form={"note": "<b>看了 twice</b>"}, headers=browser)
    assert asked.status_code == 401
    assert "<b>看了" not in asked.text
    kept = asked.text.partition('name="kept" value="')[2].partition('"')[0]
    plain = kept.replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    form = {"name": "wang", "password": PASSWORD, "kept": plain}
    resumed = client.send("POST", "/login", form=form, headers=browser)
    assert resumed.status_code == 200
    assert f'action="{path}"' in resumed.text
    assert "&lt;b&gt;看了 twice&lt;/b&gt;" in resumed.text
    assert 'name="csrf"' in resumed.text


def test_another_sites_form_is_not_kept(parts: Parts) -> None:
    browser = {"Origin": "http://evil.test", "Accept": "text/html,application/xhtml+xml"}
    answer = AsgiClient(parts.http).send("POST", "/cases/x/actions/confirm", form={"note": "x"}, headers=browser)
    assert answer.status_code in {401, 403}
    assert 'name="kept"' not in answer.text


@pytest.mark.parametrize(
    "target", ["//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "/a\r\nb"]
)
def test_signing_in_leads_to_no_other_host(parts: Parts, target: str) -> None:
    account(parts)
    form = {"name": "wang", "password": PASSWORD, "next": target}
    answer = AsgiClient(parts.http).send("POST", "/login", form=form, headers=SAME_ORIGIN)
    assert answer.headers["location"] == "/"


def test_only_administrators_keep_people_and_a_districts_only_their_own(parts: Parts) -> None:
    account(parts)
    account(parts, "boss", Role.ADMIN)
    account(parts, "local", Role.ADMIN, district="370303")
    assert signed_in(parts).get("/api/v1/people").status_code == 403
    boss, local = signed_in(parts, "boss"), signed_in(parts, "local")
    assert [it["name"] for it in boss.get("/api/v1/people").json()] == ["boss", "local", "wang"]
    assert [it["name"] for it in local.get("/api/v1/people").json()] == ["local"]
    new = {"name": "li", "password": PASSWORD, "roles": ["reviewer"], "district": "370303001"}
    assert local.send("POST", "/api/v1/people", json=new, headers=SAME_ORIGIN).status_code == 201
    everywhere = new | {"name": "zhao", "district": ""}
    assert local.send("POST", "/api/v1/people", json=everywhere, headers=SAME_ORIGIN).status_code == 403
    assert local.send("POST", "/api/v1/people/wang/disable", headers=SAME_ORIGIN).status_code == 403
    assert boss.send("POST", "/api/v1/people/nobody/disable", headers=SAME_ORIGIN).status_code == 404
    assert boss.send("POST", "/api/v1/people", json=new | {"roles": ["judge"]}, headers=SAME_ORIGIN).status_code == 422


def test_the_last_administrator_stays(parts: Parts) -> None:
    account(parts, "boss", Role.ADMIN)
    with pytest.raises(UsageError, match="only administrator"):
        parts.people.set_disabled("boss", BY, is_disabled=True)
    with pytest.raises(UsageError, match="only administrator"):
        parts.people.set_rights("BOSS", REVIEWER, BY)


def test_the_first_administrator_is_made_once(parts: Parts) -> None:
    first = parts.people.make_first_admin()
    assert first is not None
    assert parts.people.make_first_admin() is None
    assert signed_in(parts, first.name, first.password).get("/").headers["location"] == "/me"


def test_a_service_session_ends_with_its_token(parts: Parts) -> None:
    client = AsgiClient(parts.http)
    client.get(f"/?token={OPERATOR_TOKEN}")
    session = parts.doors.find(client.cookies["xunjie_session"])
    assert session is not None
    assert session.operator.account is None
    assert session.operator.roles == PEOPLE
    assert len(session.service_mark) == 64
    assert client.send("POST", "/api/v1/me/sign-out-everywhere", headers=SAME_ORIGIN).status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "operator",
        "ＯＰＥＲＡＴＯＲ",
        "judge",
        "a\x00b",
        "a\u202eb",
        "<b>x</b>",
        "a  b",
        " ",
        "x" * 65,
        "\u200bwang",
        "a\nb",
    ],
)
def test_hostile_names_are_no_names(parts: Parts, name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        parts.people.add(name, PASSWORD, REVIEWER, BY)


def test_names_that_look_alike_by_case_or_width_are_one(parts: Parts) -> None:
    account(parts, "Wang")
    for twin in ("wang", "ＷＡＮＧ", "WANG "):
        with pytest.raises(UsageError, match="taken"):
            parts.people.add(twin, PASSWORD, REVIEWER, BY)


@given(st.text())
def test_a_name_that_is_taken_is_found_again(text: str) -> None:
    name = read_name(text)
    if name is not None:
        assert login_of(name) == login_of(text)
        assert login_of(login_of(name)) == login_of(name)


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("short", Weakness.TOO_SHORT),
        ("x" * 300, Weakness.TOO_LONG),
        ("Wangxiaoming-2026", Weakness.HOLDS_NAME),
        ("woaini1314!!", Weakness.COMMON),
        ("Admin@123456", Weakness.COMMON),
        ("qwertyuiop", Weakness.COMMON),
        ("aaaaaaaaaaaa", Weakness.TOO_PLAIN),
        ("abcdefghijkl", Weakness.TOO_PLAIN),
        ("lkjhgfdsalkjh", Weakness.TOO_PLAIN),
        (PASSWORD, None),
    ],
)
def test_passwords_that_are_guessed_first_are_refused(password: str, expected: Weakness | None) -> None:
    assert weakness(password, "wangxiaoming", commonest_passwords()) is expected


@given(
    st.sampled_from(sorted(PEOPLE)),
    st.sampled_from(["", "37", "370303"]),
    st.sampled_from([None, "370302001", "370303001"]),
)
def test_a_role_and_a_district_open_together_or_not_at_all(role: Role, district: str, area: str | None) -> None:
    who = Operator("x", frozenset({role}), district)
    is_there = not district or (area or "").startswith(district)
    assert (refusal(who, {role}, Place(area)) is None) is is_there
    assert refusal(who, PEOPLE - {role}, Place(area)) is not None


def test_accounts_at_the_command_line(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_sqlite(tmp_path)
    at = ("--database-url", url)

    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    typed(f"{PASSWORD}\n")
    made = command_line("people", "add", "王五", "--roles", "reviewer,inspector", "--password-stdin", *at)
    assert (made.returncode, made.stdout.strip()) == (0, "王五: inspector, reviewer in every district")
    assert command_line("people", "add", "li", "--roles", "boss", *at).returncode == 2
    typed("")
    assert command_line("people", "reset-password", "王五", *at).returncode == 2
    typed("weak\n")
    weak = command_line("people", "reset-password", "王五", "--password-stdin", *at)
    assert (weak.returncode, "at least 10" in weak.stderr, "weak" in weak.stderr) == (2, True, False)
    assert command_line("people", "roles", "王五", "--roles", "leader", "--district", "370303", *at).returncode == 0
    assert command_line("people", "disable", "王五", *at).returncode == 0
    assert command_line("people", "disable", "nobody", *at).returncode == 2
    listed = command_line("people", "list", "--json", *at).stdout
    assert '"district": "370303"' in listed
    assert "argon2" not in listed
