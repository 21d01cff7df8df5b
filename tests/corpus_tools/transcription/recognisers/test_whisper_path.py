import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.timing import dtw_cpu, median_filter

from corpus_tools.transcription.recognisers.whisper_timing import (
    dtw_path,
    median_filtered,
    token_frames,
)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 50])
def test_the_median_filter_is_whispers(length: int) -> None:
    weights = torch.randn(2, 5, length)
    assert torch.equal(median_filtered(weights), median_filter(weights, 7))


@given(st.integers(1, 30), st.integers(1, 60), st.integers(0, 1000))
@settings(deadline=None)
def test_the_path_is_whispers(rows: int, columns: int, seed: int) -> None:
    costs = np.random.default_rng(seed).normal(size=(rows, columns))
    row, column = dtw_cpu.py_func(costs)  # compiled, it would slow down PyTorch's later tests
    expected = [int(column[row == one].min()) for one in range(rows)]
    assert dtw_path(costs).tolist() == expected


def test_flat_attention_gives_ordered_times() -> None:
    frames = token_frames(torch.zeros(2, 9, 20), 4)
    assert len(frames) == 5
    assert frames.tolist() == sorted(frames)
