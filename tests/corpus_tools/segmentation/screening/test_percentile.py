"""The percentile of one row of values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corpus_tools.segmentation.screening.spectra import percentile

LEVELS = st.floats(-100, 100, width=32)


@given(
    arrays(np.float32, st.integers(1, 300), elements=LEVELS),
    st.sampled_from([0, 10, 50, 95, 99.5, 100]),
)
def test_equals_numpy(values, percent):
    assert percentile(values, percent) == np.percentile(values, percent)


@pytest.mark.parametrize("percent", [10, 95])
def test_values_are_not_modified(percent):
    values = np.array([3, 1, 2], dtype=np.float32)
    percentile(values, percent)
    assert values.tolist() == [3, 1, 2]
