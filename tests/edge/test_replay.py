"""A replay is a function of clip, configuration and model; what was found before a clip breaks off is kept."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.clock import parse_rfc3339
from contract.errors import PermanentError
from contract.events import Event, IncidentState
from contract.taxonomy import Context, Seen
from edge.capture.clip import ClipCamera, read_facts
from edge.replay import ReplayResult, replay
from edge.rules.policy import Policies
from edge.settings import ReplaySettings
from edge.summary.page import write_page
from edge.values import Detection
from tests.edge.clips import RATE, cut, encode, encode_sound
from tests.edge.fakes import CAM, LEFT, RIGHT, T0, ScriptedDetector, at, noise, policy, saw

POLICIES = Policies(
    presence={Seen.STALL: policy(present_after_s=3, gone_after_s=4), Seen.SMOKE: policy(present_after_s=2)}
)


class Brightness(ScriptedDetector):
    """Scores depend on the pixels, so a decoder that gave other pixels would give other bytes."""

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        self.frames.append(frame[:1, :1].copy())
        score = 0.5 + float(frame[::16, ::16].mean()) / 1000
        found = [saw(Context.PERSON, RIGHT), saw(Seen.SMOKE, (0.4, 0.2, 0.5, 0.4), score)]
        return (*found, saw(Seen.STALL, LEFT, score)) if len(self.frames) < 40 else tuple(found)


def run(clip: Path, out: Path, **settings: object) -> ReplayResult:
    return replay(clip, out, ReplaySettings.model_validate(settings), POLICIES, Brightness(), T0)


@pytest.fixture(scope="module")
def told(street_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ReplayResult, Path]:
    """The clip replayed once, with its page, and the folder it lies in: nobody changes anything there."""
    out = tmp_path_factory.mktemp("told")
    result = run(street_clip, out)
    write_page(result, out, "scripted 1")
    return result, out


def tree(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_two_replays_agree_to_the_byte(street_clip: Path, told: tuple[ReplayResult, Path], tmp_path: Path) -> None:
    """Events, evidence and the page; also from another folder's copy of the same clip."""
    copy = tmp_path / "copied" / street_clip.name
    copy.parent.mkdir()
    copy.write_bytes(street_clip.read_bytes())
    write_page(run(copy, tmp_path / "two"), tmp_path / "two", "scripted 1")
    one, two = tree(told[1]), tree(tmp_path / "two")
    assert one.keys() == two.keys()
    assert {name for name in one if one[name] != two[name]} == set()
    assert len([name for name in one if name.startswith("evidence/")]) >= 3
    assert "events.jsonl" in one and "summary.html" in one


def test_a_replay_tells_a_whole_life(told: tuple[ReplayResult, Path]) -> None:
    result, out = told
    lines = (out / "events.jsonl").read_bytes().splitlines()
    events = [Event.model_validate_json(line) for line in lines]
    assert tuple(events) == result.events
    assert [event.data.seq for event in events] == list(range(1, len(events) + 1))
    stall = [event.data.state for event in events if event.data.seen is Seen.STALL]
    assert stall == [IncidentState.OPENED, IncidentState.CLOSED]
    assert result.looks == 15 * 5
    assert result.broken_off is None
    assert result.length_s == pytest.approx(14.8)
    assert not (out / "events.jsonl.part").exists()


def test_another_configuration_or_start_gives_other_ids(
    street_clip: Path, told: tuple[ReplayResult, Path], tmp_path: Path
) -> None:
    plain = told[0].events[0]
    zone = {"name": "kerb", "polygon": [[0, 0], [1, 0], [1, 1]]}
    zoned = run(street_clip, tmp_path / "zoned", zones=[zone]).events[0]
    later = replay(
        street_clip, tmp_path / "later", ReplaySettings(), POLICIES, Brightness(), parse_rfc3339("2026-07-02T00:00:00Z")
    ).events[0]
    assert len({plain.id, zoned.id, later.id}) == 3
    assert plain.data.config_version != zoned.data.config_version
    assert plain.data.config_version == later.data.config_version


def test_what_was_found_before_a_clip_breaks_off_is_kept(street_clip: Path, tmp_path: Path) -> None:
    """An interrupted copy with its index in front: the end is missing and says so."""
    torn = cut(street_clip, tmp_path / "torn.mp4", 0.6)
    result = run(torn, tmp_path / "out")
    assert result.broken_off is not None
    assert "torn.mp4" in result.broken_off
    assert 20 < result.looks < 75
    assert len(result.events) >= 2
    assert len((tmp_path / "out" / "events.jsonl").read_bytes().splitlines()) == len(result.events)


def zero_bytes(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def some_text(path: Path) -> Path:
    path.write_text("This is no video.\n" * 50, encoding="utf-8")
    return path


def index_missing(path: Path) -> Path:
    """An mp4 written the usual way and cut: its index stood at the end."""
    return cut(encode(path.with_suffix(".whole.mp4"), [noise(n, 160, 96) for n in range(20)]), path, 0.7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (zero_bytes, "the file is empty"),
        (some_text, "not a readable video"),
        (encode_sound, "holds no video stream"),
        (index_missing, "not a readable video"),
    ],
)
def test_what_is_no_clip_is_refused_by_name_and_leaves_nothing(
    tmp_path: Path, make: Callable[[Path], Path], message: str
) -> None:
    clip = make(tmp_path / "clip.mp4")
    with pytest.raises(PermanentError, match=rf"clip\.mp4: .*{message}") as caught:
        run(clip, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert tree(tmp_path / "out") == {}
    with pytest.raises(PermanentError, match=message):
        read_facts(clip)


def test_a_folder_that_can_not_be_made_is_named(street_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way", encoding="utf-8")
    with pytest.raises(PermanentError, match="choose another --out"):
        run(street_clip, tmp_path / "out")


def test_a_results_file_in_the_way_is_named(street_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "events.jsonl").mkdir(parents=True)
    with pytest.raises(PermanentError, match=r"events\.jsonl.*can't be written"):
        run(street_clip, tmp_path / "out")


def test_a_page_in_the_way_is_named(told: tuple[ReplayResult, Path], tmp_path: Path) -> None:
    (tmp_path / "summary.html").mkdir()
    with pytest.raises(PermanentError, match=r"summary\.html: can't be written"):
        write_page(told[0], tmp_path, "scripted")


def test_a_clips_frames_are_thinned_by_its_own_time(street_clip: Path) -> None:
    """Every half second of the clip one frame, stamped from the start onward, whatever the machine's pace."""
    frames = list(ClipCamera(CAM, street_clip, T0, 0.5).frames())
    assert [entry.captured_at for entry in frames] == [at(n / 2) for n in range(30)]
    assert [entry.index for entry in frames] == [n * RATE // 2 for n in range(30)]


def test_a_clips_facts(street_clip: Path) -> None:
    facts = read_facts(street_clip)
    assert (facts.width_px, facts.height_px, facts.codec) == (640, 360, "h264")
    assert facts.length_s == pytest.approx(15, abs=0.2)


def test_the_page_names_what_was_found_and_is_whole_without_a_network(
    told: tuple[ReplayResult, Path], tmp_path: Path
) -> None:
    result, out = told[0], tmp_path / "out"
    shutil.copytree(told[1], out)
    page = write_page(result, out, "<scripted>").read_text(encoding="utf-8")
    assert "摊位" in page and "烟雾" in page
    assert "&lt;scripted&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    for event in result.events:
        for ref in event.data.evidence:
            assert ref.sha256 in page
    assert json.loads((out / "events.jsonl").read_text(encoding="utf-8").splitlines()[0])["specversion"] == "1.0"
