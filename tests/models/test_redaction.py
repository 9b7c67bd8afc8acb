"""Recall of redaction: what counts as hidden, and that intervals and needless shares are told honestly."""

import numpy as np
import pytest

from models.redaction import BANDS_PX, Count, Peopled, count, streets, verdict

WHITE = np.full((200, 100, 3), 255, np.uint8)
PERSON = (0.2, 0.1, 0.5, 0.5)  # 80 px high
CHILD = (0.6, 0.6, 0.7, 0.75)  # 30 px: too small to be judged


def test_a_person_is_hidden_when_most_of_the_box_is() -> None:
    picture = Peopled(WHITE, (PERSON, CHILD), "a")
    whole = count(picture, [PERSON])
    assert whole.by_band == ((0, 0), (1, 1), (0, 0))
    assert whole.needless == 0
    most = count(picture, [(0.2, 0.1, 0.5, 0.42)])
    half = count(picture, [(0.2, 0.1, 0.5, 0.3)])
    assert (most.by_band[1], half.by_band[1]) == ((1, 1), (0, 1))


def test_what_is_hidden_for_nothing_is_counted() -> None:
    tally = count(Peopled(WHITE, (), "a"), [(0.0, 0.0, 0.5, 0.5), (0.0, 0.0, 0.5, 0.5)])
    assert (tally.pixelated, tally.needless) == (0.25, 0.25)


def test_recall_has_an_interval_over_scenes() -> None:
    band = tuple((0, 0) for _ in BANDS_PX[1:])
    counts = [Count(f"s{k}", ((9, 10), *band), 0.02, 0.01) for k in range(20)]
    counts.append(Count("bad", ((0, 10), *band), 0.02, 0.01))
    told = verdict("kept", counts)
    assert told.overall.people == 210
    assert told.overall.recall == pytest.approx(180 / 210)
    assert told.overall.low is not None and told.overall.high is not None
    assert told.overall.low < 180 / 210 < told.overall.high
    assert told.by_band[1][1].recall is None, "nobody of that height"
    assert told.needless_share == pytest.approx(0.01)


def test_the_street_tells_who_stands_there() -> None:
    pictures = list(streets([20_001], 640))
    assert len(pictures) == 6
    assert all(picture.image.shape == (360, 640, 3) for picture in pictures)
    assert any(picture.people for picture in pictures)
