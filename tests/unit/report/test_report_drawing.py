"""PNG, SVG and HTML helpers."""

import io

import numpy as np
import pytest
from PIL import Image as Picture

from components.core.errors import DataError
from components.report.clips import drawn
from components.report.html import Html, Part, RowClass, table, tag
from components.report.interval_chart import Row, interval_chart
from components.report.png import encode, thumbnail
from components.report.results import thin
from components.report.svg import Series, line_chart, ticks
from components.report.weights import count_parameters


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (200, 150, 3)])
def test_a_png_decodes_to_the_same_pixels(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(np.asarray(Picture.open(io.BytesIO(encode(image)))), image)


def test_thumbnails_are_small_and_never_enlarged():
    assert thumbnail(np.zeros((1080, 1920, 3), np.uint8), 64).shape == (36, 64, 3)
    assert thumbnail(np.zeros((56, 56, 3), np.uint8), 64).shape == (56, 56, 3)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 25, 50, 75, 100]),
        (0, 1, [0, 0.25, 0.5, 0.75, 1]),
        (0, 300, [0, 100, 200, 300]),
        (0, 7, [0, 2, 4, 6]),
    ],
)
def test_ticks_are_round_and_inside(low, high, expected):
    assert ticks(low, high) == expected


def test_a_line_breaks_where_a_value_is_missing_and_is_clipped_to_the_range():
    chart = line_chart(
        [Series("#000", [0, 1, 2, 3, 4], [0.0, 0.5, None, 9.0, 0.2])], title="t", y_range=(0, 1)
    )
    assert chart.count("<polyline") == 2
    assert 'y="-' not in chart and ",-" not in chart


def test_an_interval_row_without_points_says_so():
    chart = interval_chart(
        [Row("forward", "#000", None), Row("total", "#000", 50.0, [40.0, 60.0], {"clock": 30.0})], title="t"
    )
    assert "no points" in chart and "50.0" in chart and "○" in chart


def test_plain_strings_are_escaped_and_markup_is_not():
    assert (
        tag("p", "<i>&", Html("<b>x</b>"), title='"q"')
        == '<p title="&quot;q&quot;">&lt;i&gt;&amp;<b>x</b></p>'
    )


def test_tables_have_row_headers_parts_and_classes():
    shown = table(["a", "b"], [Part("over"), [RowClass("served"), "x", 1]])
    assert '<th scope="rowgroup" colspan="2">' in shown
    assert '<tr class="served"><th scope="row">x</th><td>1</td></tr>' in shown


def test_curves_are_thinned_by_bins():
    rows = [{"step": float(n), "loss": float(n)} for n in range(1, 301)]
    averaged, last = thin(rows, ["loss"], average=True), thin(rows, ["loss"], average=False)
    assert len(averaged["step"]) == 100 and averaged["step"][-1] == 300
    assert averaged["loss"][0] == 2.0 and last["loss"][0] == 3.0
    assert thin([], ["loss"], average=True) == {"step": []}


def test_clips_are_drawn_for_each_task_by_hash_and_new_videos_come_first():
    streams = [{"id": f"a{n}", "task": "a", "video_id": f"v{n}"} for n in range(4)]
    streams += [{"id": "b0", "task": "b", "video_id": "v9"}, {"id": "b1", "task": "b", "video_id": "v9"}]
    chosen = drawn(streams, "id", 2)
    assert [one["task"] for one in chosen] == ["a", "a", "b", "b"]
    assert drawn(list(reversed(streams)), "id", 2) == chosen
    shared = [
        {"id": "x", "task": "a", "video_id": "v"},
        *[{"id": f"y{n}", "task": "b", "video_id": v} for n, v in enumerate("vw")],
    ]
    assert [one["video_id"] for one in drawn(shared, "id", 1)] == ["v", "w"]


def test_parameters_are_counted_from_headers_and_a_broken_file_is_named(tmp_path):
    with pytest.raises(DataError, match="holds no"):
        count_parameters(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"short")
    with pytest.raises(DataError, match=r"model\.safetensors"):
        count_parameters(tmp_path)
