"""Laws of box arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rules.boxes import area, base_point, blend, grown, intersection, iou, nearness, share_of_smaller, union
from edge.values import Box

edges = st.integers(0, 64).map(lambda value: value / 64)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, x2 = sorted(draw(st.lists(edges, min_size=2, max_size=2, unique=True)))
    y1, y2 = sorted(draw(st.lists(edges, min_size=2, max_size=2, unique=True)))
    return (x1, y1, x2, y2)


def moved(box: Box, dx: float, dy: float) -> Box:
    return (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)


@given(boxes(), boxes())
def test_overlap_is_mutual_and_a_share(a: Box, b: Box) -> None:
    for measure in (intersection, iou, nearness, share_of_smaller):
        assert measure(a, b) == pytest.approx(measure(b, a))
    assert 0 <= iou(a, b) <= share_of_smaller(a, b) <= 1
    assert 0 <= nearness(a, b) <= 1


@given(boxes())
def test_a_box_is_all_itself(box: Box) -> None:
    assert iou(box, box) == share_of_smaller(box, box) == nearness(box, box) == 1
    assert union(box, box) == blend(box, box, 0.5) == grown(box, 0.0) == box
    assert area(box) > 0


@given(boxes(), boxes(), edges, edges)
def test_overlap_does_not_depend_on_where_both_lie(a: Box, b: Box, dx: float, dy: float) -> None:
    for measure in (intersection, iou, nearness, share_of_smaller):
        assert measure(moved(a, dx, dy), moved(b, dx, dy)) == pytest.approx(measure(a, b), abs=1e-12)


@given(boxes(), boxes())
def test_a_hull_holds_both(a: Box, b: Box) -> None:
    hull = union(a, b)
    assert share_of_smaller(hull, a) == share_of_smaller(hull, b) == pytest.approx(1)
    assert area(hull) >= max(area(a), area(b))


@given(boxes(), boxes(), st.floats(0, 1))
def test_a_blend_lies_between(a: Box, b: Box, weight: float) -> None:
    for before, after, value in zip(a, b, blend(a, b, weight), strict=True):
        assert min(before, after) - 1e-12 <= value <= max(before, after) + 1e-12


def test_boxes_that_only_touch_share_nothing_and_an_empty_box_is_near_nothing() -> None:
    assert intersection((0, 0, 1, 1), (1, 0, 2, 1)) == 0
    assert iou((0, 0, 0, 0), (0, 0, 0, 0)) == 0
    assert share_of_smaller((0, 0, 0, 1), (0, 0, 1, 1)) == 0
    assert nearness((0, 0, 0, 0), (0, 0, 1, 1)) == 0


def test_a_thing_stands_on_the_middle_of_its_lower_edge() -> None:
    assert base_point((0.2, 0.1, 0.4, 0.9)) == pytest.approx((0.3, 0.9))
