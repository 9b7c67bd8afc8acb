"""What people are told outside the console, in words: Chinese first, English behind. No person, no camera's address."""

from datetime import datetime, timedelta

from central.domain.stageclock import FlowRules, News
from central.domain.workflow import Role
from central.services.timekeeping import Timekeeper
from central.store.cases import Projection
from central.store.notices import Notice
from central.store.stages import StageRow

PARTY = "party"
"""Whom a reminder is meant for: the shop or the vendor, by loudspeaker or SMS."""


def reminder(case: Projection, rules: FlowRules, now: datetime) -> Notice:
    """What the party is told."""
    zh, en = _kind(case, rules)
    grace = timedelta(0) if case.kind is None else rules.grace.get(case.kind, timedelta(0))
    minutes = max(1, round(grace.total_seconds() / 60))
    place = case.address or "此处"
    body = f"{place}发现{zh}，请在{minutes}分钟内自行整改。 Please put it right within {minutes} minutes: {en}."
    return Notice(0, case.case_id, now, PARTY, f"提醒：{zh} Reminder: {en}", body, next_at=now)


def timer(case: Projection, row: StageRow, news: News, role: Role, person: str, keeper: Timekeeper) -> Notice:
    """What a role, or the `person` of it who is on shift, is told when a stage's time runs or nobody takes it up."""
    zh, en = _kind(case, keeper.rules)
    if news.level is not None:
        what = f"无人认领（第{news.level}级） nobody has claimed it (level {news.level})"
    else:
        what = f"时限已用{news.share:.0%} {news.share:.0%} of the time has run"
    due = "" if row.due_at is None else f"，到期 due {row.due_at.astimezone(keeper.timezone):%m-%d %H:%M}"
    body = f"{person and f'{person}，'}{case.number or case.case_id}：{row.stage} {what}{due}"
    return Notice(0, case.case_id, news.at, role, f"{zh} {en}", body, next_at=news.at, person=person)


def _kind(case: Projection, rules: FlowRules) -> tuple[str, str]:
    names = None if case.kind is None else rules.names.get(case.kind)
    return ("待定案由", "kind still open") if names is None else (names.zh, names.en)
