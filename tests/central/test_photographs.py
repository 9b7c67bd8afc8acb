"""Officers' photographs: nobody sees them clear without a reason, and they go when the case's pictures go."""

import os
from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image
from sqlalchemy import update

from central.domain.people import Operator
from central.domain.retention import RetentionRules
from central.domain.values import CaseFilter
from central.domain.workflow import Action, RejectReason
from central.domain.workflow_words import PEOPLE
from central.flowrules import packaged_keeper
from central.retention import UPLOAD_GRACE, Retention
from central.services.actions import CaseDesk, OperatorAction, UnknownCase
from central.services.photobook import PhotoBook
from central.services.photographs import BLOCKS, LONGEST_PX, develop
from central.services.sealing import Sealer
from central.services.steps import Stepper
from central.services.street import Darkroom, StreetDesk, Taken
from central.store.cases import CASES
from central.store.photos import Photo
from contract.errors import PermanentError, TransientError
from contract.keys import KeyPairs
from contract.signing import SigningKey
from contract.taxonomy import Seen
from tests.central.builders import ORIGIN, T0, Street, minutes
from tests.central.parts import Parts
from tests.central.test_retention import days
from tests.central.workshop_parts import photograph

KEYS = KeyPairs.generate()
ZHAO = Operator("zhao", PEOPLE)


def exif_at(lat: object, lon: object, orientation: int = 1) -> Image.Exif:
    """What a phone writes: where it was, who made it, how it was held."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Phone of sun.jun"
    exif[ExifTags.Base.Orientation] = orientation
    gps = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: lat}
    exif[ExifTags.IFD.GPSInfo] = gps | {ExifTags.GPS.GPSLongitudeRef: "E", ExifTags.GPS.GPSLongitude: lon}
    return exif


def test_a_photograph_is_drawn_anew_and_shown_coarse() -> None:
    exif = exif_at((36.0, 48.0, 30.0), (118.0, 3.0, 0.0), orientation=6)
    developed = develop(photograph(exif=exif, size=(2400, 1600)))
    assert (developed.width_px, developed.height_px) == (LONGEST_PX * 2 // 3, LONGEST_PX)
    assert developed.spot is not None
    assert (round(developed.spot.lat, 5), round(developed.spot.lon, 5)) == (36.80833, 118.05)
    for content in (developed.original, developed.shown):
        assert b"Phone of" not in content
        with Image.open(BytesIO(content)) as image:
            assert not image.getexif()
    with Image.open(BytesIO(developed.shown)) as image:
        few = image.resize((BLOCKS * 2 // 3, BLOCKS), Image.Resampling.BOX).resize(image.size, Image.Resampling.NEAREST)
        assert np.abs(np.asarray(image, np.int16) - np.asarray(few, np.int16)).mean() < 4
    assert developed.original_sha256.encode() in developed.shown
    assert develop(photograph(exif=exif, size=(2400, 1600))) == developed


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        ((91.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((36.0,), (1.0, 2.0)),
        ((36.0, 0.0, 0.0), ()),
    ],
)
def test_what_is_no_place_is_dropped_and_the_picture_kept(lat: object, lon: object) -> None:
    assert develop(photograph(exif=exif_at(lat, lon))).spot is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "can't be read as a JPEG"),
        (b"GIF89a", "can't be read as a JPEG"),
        (b"\xff\xd8\xff\xe0" + b"x" * 500, "can't be read as a JPEG"),
        (photograph(size=(800, 600))[:2000], "can't be read as a JPEG"),
        (photograph().replace(b"\x00\x5a\x00\x78", b"\x1f\x40\x1f\x40"), "64 million pixels"),
        (photograph().replace(b"\x00\x5a\x00\x78", b"\xff\xff\xff\xff"), "million pixels"),
    ],
)
def test_what_is_no_photograph_is_named(content: bytes, said: str) -> None:
    with pytest.raises(PermanentError, match=said):
        develop(content)


class Squad:
    """A case that was seen, and an officer before it."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
        self.case_id = parts.reader.page(CaseFilter(), 1).items[0].id
        self.book = PhotoBook(parts.database, parts.objects.find)
        self.retention = Retention(parts.database, parts.objects, RetentionRules(), parts.clock)

    def desk(self, shelf: object = None) -> StreetDesk:
        darkroom = Darkroom(shelf or self.parts.objects, lambda: KEYS.sealing.public)  # type: ignore[arg-type]
        stepper, parts = Stepper(packaged_keeper()), self.parts
        return StreetDesk(parts.database, parts.reader, darkroom, stepper, parts.clock, ORIGIN, lambda: None)

    def photograph(self, seed: int = 0) -> Photo:
        content = photograph(seed)
        return self.desk().keep(self.case_id, ZHAO, Taken(content, f"{seed:064x}", None))

    def files(self) -> int:
        return len(list(self.parts.objects.every()))

    def sweep(self, after_days: float, *, dry: bool = False) -> int:
        while Sealer(self.parts.database, SigningKey.generate(), self.parts.clock).step():
            pass
        return self.retention.run(T0 + days(after_days), dry).photographed_cases


@pytest.fixture
def squad(parts: Parts) -> Squad:
    return Squad(parts)


def test_the_clear_one_is_sealed_and_opens_for_central_alone(squad: Squad) -> None:
    photo = squad.photograph()
    assert squad.photograph() == photo
    assert squad.files() == 2
    sealed = squad.book.sealed(squad.case_id, photo.sha256)
    assert sealed is not None
    opened = KEYS.sealing.open(sealed.read_bytes(), f"original:{photo.sha256}")
    assert opened == develop(photograph()).original
    assert squad.book.shown("01890a5d-ac96-774b-bcce-b302099a8057", photo.sha256) is None


def test_a_phones_clock_is_believed_within_reason(squad: Squad) -> None:
    for number, (said, kept) in enumerate(((days(-1), days(-1)), (days(3), days(0)), (days(-400), days(0)))):
        taken = Taken(photograph(number), f"{number:064x}", T0 + said)
        assert squad.desk().keep(squad.case_id, ZHAO, taken).taken_at == T0 + kept


class FullDisk:
    def put(self, content: bytes) -> None:
        raise TransientError("the disk is full")


def test_a_step_that_fails_leaves_neither_row_nor_file_nor_history(squad: Squad) -> None:
    taken = Taken(photograph(), "a" * 64, None)
    elsewhere = Operator("qian", PEOPLE, district="370399")
    for desk, who, case_id, error in (
        (squad.desk(), ZHAO, "01890a5d-ac96-774b-bcce-b302099a8057", UnknownCase),
        (squad.desk(), elsewhere, squad.case_id, Exception),
        (squad.desk(FullDisk()), ZHAO, squad.case_id, TransientError),
    ):
        with pytest.raises(error):
            desk.keep(case_id, who, taken)
    assert (squad.files(), squad.book.of_case(squad.case_id)) == (0, [])
    case = squad.parts.reader.detail(squad.case_id)
    assert case is not None
    assert [step.what for step in case.history if step.what == "action"] == []


def test_what_a_crash_left_behind_goes_with_the_next_sweep(squad: Squad) -> None:
    photo = squad.photograph()
    squad.parts.objects.put(b"\xff\xd8\xff a file that no row names")
    late = T0 + UPLOAD_GRACE
    for _, path in squad.parts.objects.every():
        os.utime(path, (T0.timestamp(), T0.timestamp()))
    assert squad.retention.run(late + minutes(1)).picture_files == 1
    assert squad.book.shown(squad.case_id, photo.sha256) is not None


def test_photographs_go_with_the_cases_pictures_and_the_record_stays(squad: Squad) -> None:
    squad.photograph()
    squad.photograph(1)
    desk = CaseDesk(squad.parts.database, squad.parts.clock, lambda: None)
    desk.act(squad.case_id, OperatorAction(Action.REJECT, "wang", RejectReason.LOOKALIKE))
    assert squad.sweep(29) == 0
    assert squad.sweep(31, dry=True) == 1
    assert squad.files() == 4
    assert squad.sweep(31) == 1
    assert (squad.files(), squad.book.of_case(squad.case_id)) == (0, [])
    assert squad.parts.reader.detail(squad.case_id) is not None
    squad.sweep(402)
    assert squad.parts.reader.detail(squad.case_id) is None


def test_photographs_follow_a_case_that_was_merged(squad: Squad) -> None:
    first = squad.photograph()
    squad.parts.take(Street({"node-1": 50}).event("h", Seen.GRILL, (200, 0), last=T0 + minutes(3)))
    (other,) = [one.id for one in squad.parts.reader.page(CaseFilter(), 9).items if one.id != squad.case_id]
    with squad.parts.database.write() as connection:
        connection.execute(update(CASES).where(CASES.c.id == squad.case_id).values(merged_into=other))
    second = squad.photograph(1)
    assert (first.case_id, second.case_id) == (squad.case_id, other)
    assert {photo.sha256 for photo in squad.book.of_case(other)} == {first.sha256, second.sha256}


def test_how_an_earlier_case_was_left_is_shown_while_its_picture_is_kept(squad: Squad) -> None:
    taken = {squad.photograph(), squad.photograph(1)}
    earlier = squad.parts.reader.page(CaseFilter(), 1).items[0]
    today = earlier.model_copy(update={"id": "today", "first_seen_at": T0 + days(1)})

    def shown() -> list[Photo | None]:
        return [one.photo for one in squad.book.before(today, [today, earlier])]

    while taken:
        (photo,) = shown()
        assert photo in taken
        path = squad.parts.objects.find(photo.sha256)
        assert path is not None
        path.unlink()
        taken.remove(photo)
    assert shown() == []
