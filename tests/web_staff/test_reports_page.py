"""The reports' page where there is nothing to report, and the chart."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Config
from digest.web.staff.chart import HEIGHT, Column, columns_svg, nice_ceiling


def test_nothing_has_gone_out_yet(association: Config, editor: Client) -> None:
    page = editor.get("/newsroom/reports/").content.decode()
    assert "Nothing to report yet" in page
    assert "<svg" not in page


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1), (1.5, 2), (19_600, 20_000), (20_001, 50_000)])
def test_the_scale_ends_at_a_round_number(value: float, top: float) -> None:
    assert nice_ceiling(value) == top


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=12))
def test_columns_stay_inside_whatever_they_hold(rows: list[tuple[str, int, int]]) -> None:
    columns = [Column(label=label, parts=(("good", a), ("bad", b))) for label, a, b in rows]
    svg = str(columns_svg(columns, title="Copies & more", summary="<of each>"))
    assert "style=" not in svg
    # What XML cannot hold is no label that an issue has.
    tree = ElementTree.fromstring(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", svg))
    heights: dict[str, float] = {}
    for rect in tree.iter("rect"):
        heights[rect.attrib["x"]] = heights.get(rect.attrib["x"], 0) + float(rect.attrib["height"])
        assert float(rect.attrib["y"]) >= 0
    assert all(height <= HEIGHT for height in heights.values())
