"""The bench's arithmetic and its camera server; the measuring itself is `python -m edge bench`."""

import json
import os
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest

from contract.clock import SystemClock
from contract.errors import PermanentError, UsageError
from contract.status import CameraState
from edge.bench.clip import as_transport_stream
from edge.bench.facts import Moment
from edge.bench.limits import seek
from edge.bench.measure import Load, settings_of, tcp_sources
from edge.bench.outage import Phase, judged, others_change
from edge.bench.report import TARGETS, node_report, sent
from edge.bench.soak import kept, page, plot
from edge.bench.source import cut
from edge.bench.tally import Measured, growth, percentile, share_of
from edge.bench.wanted import Wanted
from edge.capture.loop import CaptureLoop
from edge.capture.opening import open_stream
from edge.capture.stream import StreamCamera, Watching
from edge.capture.streams import StreamState
from edge.settings import NodeSettings
from edge.values import DecodeMode, Frame
from tests.edge.clips import RATE, encode, street_pictures
from tests.edge.fakes import CAM
from tests.edge.waiting import PATIENCE_S, until


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    return as_transport_stream(encode(folder / "street.mp4", street_pictures(4, each=RATE)), folder)


def measured(looks: dict[str, int], ages_s: dict[str, tuple[float, ...]] | None = None) -> Measured:
    return Measured(20.0, 10.0, [(0.0, 300.0), (20.0, 310.0)], looks, ages_s or {}, len(looks), 1.0, 3.0)


def test_one_camera_s_extra_look_hides_no_other_camera_s_missed_one() -> None:
    found = share_of(measured({"a": 12, "b": 8}), ["a", "b"], 2.0)
    assert (found.looks_due, found.looks_done, found.skipped_share) == (20, 20, 0.05)


def test_a_look_at_the_edge_of_the_window_is_no_skipped_one() -> None:
    assert share_of(measured({"a": 9}), ["a"], 2.0).skipped_share == 0.0
    late = replace(measured({"a": 9}), skipped={"a": 1})
    assert share_of(late, ["a"], 2.0).skipped_share == 0.1


def test_the_report_has_the_keys_that_were_promised() -> None:
    report = node_report(measured({"patrol-0": 10}, {"patrol-0": (0.1, 0.2)}), Load(patrol=1))
    promised = ["cameras", "looks_due", "looks_done", "skipped_share", "cpu_share_of_machine", "frame_age_p95_s"]
    assert list(report)[:7] == [*promised, "rss_mb"]
    assert (report["looks_done"], report["skipped_share"], report["rss_mb"]) == (10, 0.0, 310.0)
    assert json.dumps(report)
    assert TARGETS["skipped_share"] == 0.01


@pytest.mark.parametrize("near", [1, 5, 11])
@pytest.mark.parametrize("limit", range(12))
def test_the_largest_that_holds_is_found_from_any_guess(limit: int, near: int) -> None:
    tried: list[int] = []

    def holds(number: int) -> bool:
        tried.append(number)
        if number == 9:
            raise PermanentError("did not start")
        return number <= limit

    assert seek("cameras", near, 11, holds, lambda _text: None) in {limit if limit < 9 else 8, limit}
    assert len(tried) == len(set(tried)) <= 7


def test_a_good_guess_costs_three_tries() -> None:
    tried: list[int] = []

    def holds(number: int) -> bool:
        tried.append(number)
        return number <= 45

    assert seek("cameras", 44, 96, holds, lambda _text: None) == 45
    assert tried == [44, 46, 45]


def test_rtsp_serves_patrol_alone() -> None:
    wanted = Wanted(Load(patrol=8, attended=1), 4.0, is_rtsp=True)
    with pytest.raises(UsageError, match="leave --attention out"):
        sent(wanted, Path("big.ts"), Path("small.ts"))


def test_growth_waits_until_the_node_is_warm_and_percentiles_of_nothing_are_nothing() -> None:
    assert growth([(0, 100.0), (600, 200.0)]) is None
    assert percentile([], 0.95) is None


def test_every_connection_to_the_bench_is_a_live_camera(clip: Path) -> None:
    """Two of them: each begins with a key frame and goes on."""
    with tcp_sources(clip, clip) as sources:
        opener = partial(open_stream, sources.big, "bench", None)
        watching = Watching(DecodeMode.ALL, look_every_s=0.0)
        for _ in range(2):
            frames = StreamCamera(CAM, "bench", opener, watching, StreamState(), SystemClock()).frames()
            shapes = {next(frames).image.shape for _ in range(3)}
            frames.close()  # type: ignore[attr-defined]  # a generator
            assert shapes == {(360, 640, 3)}


def test_a_clip_is_cut_into_its_pictures_without_losing_a_byte(clip: Path) -> None:
    found = cut(clip)
    assert b"".join(piece.payload for piece in found.pieces) == clip.read_bytes()
    assert (len(found.pieces), round(found.length_s, 2), round(found.group_s, 2)) == (40, 4.0, 1.0)


def test_the_node_under_measurement_has_valid_settings(tmp_path: Path) -> None:
    with_all = Load(patrol=3, attended=2, absent=1)

    class Fixed:
        big, small, process_id = "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", 1

    settings = NodeSettings.model_validate(settings_of(Fixed(), with_all, tmp_path))  # type: ignore[arg-type]
    assert len(settings.cameras) == 6
    assert settings.attention_cameras == 2


def test_the_soak_is_drawn() -> None:
    shown = page([(0.0, 300.0), (1800.0, 310.0), (3600.0, 305.0)], 20)
    assert "20 cameras" in shown
    assert shown.count(",") >= 3
    assert "60 min" in shown
    drawn = plot([(0.0, 300.0), (1800.0, 310.0), (3600.0, 305.0)], 20)
    is_green = (drawn[..., 1] > 120) & (drawn[..., 0] < 120) & (drawn[..., 2] < 60)
    assert set(np.flatnonzero(is_green.any(axis=0))) >= set(
        range(60, 840)
    )  # one curve from the first minute to the last


def test_a_camera_with_faults_obeys_and_tells_of_its_connections(clip: Path) -> None:
    frames: SimpleQueue[Frame] = SimpleQueue()
    stop = threading.Event()
    with tcp_sources(clip, clip) as sources:
        opener = partial(open_stream, sources.faulty, "bench", None, 2.0)
        camera = StreamCamera(CAM, "bench", opener, Watching(DecodeMode.ALL, 0.0), StreamState(), SystemClock())
        loop = CaptureLoop(camera, frames.put, SystemClock(), stop, repeats=True)
        thread = threading.Thread(target=loop.run)
        thread.start()
        frames.get(timeout=PATIENCE_S)
        sources.tell("cut")
        until(lambda: loop.health.state is CameraState.FAILED, "the camera is missed")
        while not frames.empty():
            frames.get()
        sources.tell("well")
        frames.get(timeout=PATIENCE_S)
        stop.set()
        thread.join(PATIENCE_S)
        assert len(sources.accepted_s) >= 2


def test_a_fault_is_judged_by_the_others_too() -> None:
    life = [Moment(at_s=s / 10, is_live=True, looks=s, others_looks=s - max(0, s - 100) // 10) for s in range(200)]
    phases = [Phase("well", 0.0, 10.0), Phase("slow", 10.0, 20.0)]
    assert others_change(phases, life) == pytest.approx(0.1, abs=0.01)
    assert others_change(phases[:1], life) is None
    assert judged(phases[1], phases[0], life, [0.0]) is None
    gone = judged(Phase("cut", 10.0, 15.0), Phase("well", 15.0, 20.0), life, [])
    assert gone == {"fault": "cut", "loss_seen_s": None, "returned_s": 0.0, "first_frame_s": None}


def test_a_soak_that_broke_off_keeps_what_it_measured(tmp_path: Path) -> None:
    points = tmp_path / "memory.jsonl"
    assert kept(points) == []
    points.write_text("[10.0, 300.5]\n[20.0, 301.0]\n[30.0, 30", encoding="utf-8")
    assert kept(points) == [(10.0, 300.5), (20.0, 301.0)]


def test_what_others_do_on_the_machine_is_said_beside() -> None:
    measured = Measured(10.0, 4.0, [(0.0, 1.0)], {"patrol-0": 5}, {}, 1, 1.0, 1.0, machine_cpu_s=9.0)
    report = node_report(measured, Load(patrol=1))
    assert report["others_cpu_share_of_machine"] == round(4.0 / 10.0 / (os.cpu_count() or 1), 4)
    assert report["cpu_ms_per_look"] == 800.0
