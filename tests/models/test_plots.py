import time

import numpy as np

from manifests.base.emotions import EMOTIONS
from models.plots import draw_spans, draw_timeline


def _clips(n, seconds=4.0):
    shares = np.random.default_rng(0).dirichlet(np.ones(6), n)
    return [
        {
            "start": seconds * row,
            "end": seconds * row + 3.5,
            "probabilities": dict(zip(EMOTIONS, own.tolist(), strict=True)),
        }
        for row, own in enumerate(shares)
    ]


def _height(path):
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    return int.from_bytes(data[20:24], "big")


def test_long_timelines_take_several_lines(tmp_path):
    heights, begun = [], time.process_time()
    for n, seconds in ((1, 4.0), (60, 4.0), (110, 60.0)):
        draw_timeline(tmp_path / "t.png", _clips(n, seconds), "a $ film 巴适")
        heights.append(_height(tmp_path / "t.png"))
    assert heights[0] == heights[1] < heights[2] < 4000
    assert time.process_time() - begun < 30


def test_number_of_drawn_slices_is_limited(tmp_path):
    rows = [
        {"value": f"$s_{n}", "n": n, "uar": 0.5, "uar_interval": [0.4, 0.6]} for n in range(300)
    ]
    draw_spans(tmp_path / "s.png", rows, "UAR")
    assert _height(tmp_path / "s.png") < 2500
    draw_spans(tmp_path / "s.png", [], "UAR")
