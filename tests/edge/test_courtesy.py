"""What can wait goes when a look thread has nothing to do, and in the end all the same."""

import threading

import numpy as np
from numpy.typing import NDArray

from edge.courtesy import Courtesy
from edge.evidence.people import PeopleFinder
from edge.values import Detection
from tests.edge.fakes import ScriptedDetector, blank
from tests.edge.waiting import PATIENCE_S


class Counting(ScriptedDetector):
    """Sees nothing and counts how often."""

    looks = 0

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        self.looks += 1
        return ()


def test_a_search_waits_until_a_look_thread_idles() -> None:
    courtesy, detector = Courtesy(longest_s=PATIENCE_S), Counting()
    searching = threading.Thread(target=PeopleFinder(detector).after(courtesy.wait), args=(blank(),))
    searching.start()
    assert detector.looks == 0
    with courtesy.idling():
        searching.join(PATIENCE_S)
    assert detector.looks > 1


def test_a_search_is_done_although_no_look_thread_ever_idles() -> None:
    detector = Counting()
    PeopleFinder(detector).after(Courtesy(longest_s=0.0).wait)(blank())
    assert detector.looks > 1
