"""A case's sheet → the notice that a target is sent: names, codes, degrees, links. The same each time."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from central.domain.delivery import CaseSheet, SheetPicture
from central.domain.law import ViolationRule
from central.domain.registers.frames import Frame, from_cgcs2000
from contract.errors import UsageError
from contract.notices import CaseNotice, NoticeCode, NoticeLimit, NoticePicture, NoticePlace, NoticeText
from contract.plane import Origin, Point
from contract.taxonomy import Violation

DISTRICT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class PictureLinks:
    """Links to redacted pictures that are good for a while without a credential. `repr` hides the secret.

    `base_url` ends without a slash. What a link grants is one picture; it can't be changed into another's.
    """

    base_url: str
    secret: bytes
    lasts: timedelta

    def __repr__(self) -> str:
        return f"PictureLinks({self.base_url})"

    def url(self, sha256: str, until: datetime) -> str:
        seconds = int(until.timestamp())
        return f"{self.base_url}/api/v1/shared/pictures/{sha256}?until={seconds}&signature={self.sign(sha256, seconds)}"

    def sign(self, sha256: str, until_s: int) -> str:
        return hmac.new(self.secret, f"{sha256}.{until_s}".encode(), hashlib.sha256).hexdigest()

    def is_good(self, sha256: str, until_s: int, signature: str, now: datetime) -> bool:
        """Whether the link is ours and still good."""
        return until_s > now.timestamp() and hmac.compare_digest(
            signature.encode(), self.sign(sha256, until_s).encode()
        )


@dataclass(frozen=True, slots=True)
class Form:
    """How one target wants to be told.

    codes: the one standard whose code it takes; None gives all three. district: for cases without an area code.
    """

    codes: str | None = None
    coordinates: Literal["CGCS2000", "GCJ-02"] = "CGCS2000"
    district: str = "000000"


@dataclass(frozen=True, slots=True)
class Presenter:
    """Makes notices. `origin` names this central; `links` is None where pictures stay inside."""

    origin: str
    plane: Origin
    violations: Mapping[Violation, ViolationRule]
    form: Form = Form()
    links: PictureLinks | None = None

    def notice(self, sheet: CaseSheet, revision: int, made_at: datetime) -> CaseNotice:
        """The same bytes for the same arguments.

        Raises:
            UsageError: the target takes one standard's codes, and it has none for this kind.
        """
        rule = self.violations.get(sheet.kind) if sheet.kind else None
        return CaseNotice(
            delivery_id=f"{sheet.case_id}.{revision}",
            case_id=sheet.case_id,
            revision=revision,
            origin=self.origin,
            number=sheet.number,
            source=sheet.source,
            state=sheet.state,
            kind=sheet.kind,
            kind_name=NoticeText(zh=rule.names.zh, en=rule.names.en) if rule else None,
            codes=self._codes(sheet, rule),
            seen=sheet.seen,
            severity=sheet.severity,
            first_seen_at=sheet.first_seen_at,
            last_seen_at=sheet.last_seen_at,
            gone_at=sheet.gone_at,
            place=self._place(sheet),
            district=(sheet.area_code or self.form.district)[:DISTRICT_DIGITS],
            area_code=sheet.area_code,
            address=sheet.address or None,
            department=sheet.department,
            zone_id=sheet.zone_id,
            merged_into=sheet.merged_into,
            pictures=tuple(self._picture(picture, made_at) for picture in sheet.pictures),
            due_at=sheet.due_at,
            extensions=tuple(NoticeLimit(amount=one.amount, unit=one.unit) for one in sheet.extensions) or None,
            made_at=made_at,
        )

    def _codes(self, sheet: CaseSheet, rule: ViolationRule | None) -> tuple[NoticeCode, ...]:
        codes = tuple(NoticeCode(standard=code.standard, code=code.code) for code in (rule.codes if rule else ()))
        if self.form.codes is None:
            return codes
        wanted = tuple(code for code in codes if code.standard == self.form.codes)
        if not wanted:
            raise UsageError(
                f"{self.form.codes} has no code for {sheet.kind or 'a case without a kind'}; "
                "choose another `codes` for this target, or say of which kind the case is"
            )
        return wanted

    def _place(self, sheet: CaseSheet) -> NoticePlace | None:
        if sheet.east_m is None or sheet.north_m is None:
            return None
        lat, lon = self.plane.to_degrees(Point(sheet.east_m, sheet.north_m))
        if self.form.coordinates == "GCJ-02":
            lat, lon = from_cgcs2000(Frame.GCJ02, lat, lon)
        return NoticePlace(system=self.form.coordinates, lat=round(lat, 7), lon=round(lon, 7))

    def _picture(self, picture: SheetPicture, made_at: datetime) -> NoticePicture:
        shown = NoticePicture.model_validate(picture.model_dump())
        if self.links is None:
            return shown
        until = datetime.fromtimestamp(int((made_at + self.links.lasts).timestamp()), UTC)
        return shown.model_copy(update={"url": self.links.url(picture.sha256, until), "until": until})
