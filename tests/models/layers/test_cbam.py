"""CBAM against equations (1)-(9), implemented with loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models import CBAM
from models.layers.masking import frame_mask


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _slow_cbam(block, x):
    weights = {name: value.detach().numpy() for name, value in block.named_parameters()}
    out = np.empty_like(x)
    for b in range(len(x)):
        average, maximum = x[b].mean(axis=(1, 2)), x[b].max(axis=(1, 2))
        mlp = [
            weights["expand.weight"] @ np.maximum(weights["reduce.weight"] @ vector, 0)
            for vector in (average, maximum)
        ]
        attended = x[b] * _sigmoid(mlp[0] + mlp[1])[:, None, None]
        maps = [attended.mean(axis=0), attended.max(axis=0)]
        maps = [maps[0] + maps[1]] if block.merge == "sum" else maps
        kernel, bias = weights["spatial.weight"][0], weights["spatial.bias"][0]
        kh, kw = kernel.shape[1:]
        height, width = maps[0].shape
        place = np.full((height, width), bias)
        for row, column in np.ndindex(height, width):
            for p, q in np.ndindex(kh, kw):
                r, c = row + p - kh // 2, column + q - kw // 2
                if 0 <= r < height and 0 <= c < width:
                    place[row, column] += sum(
                        kernel[n, p, q] * values[r, c] for n, values in enumerate(maps)
                    )
        out[b] = attended * _sigmoid(place)
    return out


@settings(deadline=None, max_examples=40)
@given(
    merge=st.sampled_from(["sum", "concat"]),
    size=st.tuples(st.sampled_from([1, 3, 7]), st.sampled_from([1, 5])),
    reduction=st.sampled_from([1, 2, 16]),
    shape=st.tuples(*(st.integers(1, most) for most in (3, 6, 4, 9))),
    seed=st.integers(0, 2**16),
)
def test_output_equals_the_equations(merge, size, reduction, shape, seed):
    torch.manual_seed(seed)
    block = CBAM(shape[1], reduction=reduction, kernel_size=size, merge=merge).double()
    x = torch.randn(shape, dtype=torch.float64)
    expected = _slow_cbam(block, x.numpy())
    np.testing.assert_allclose(block(x).detach().numpy(), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("merge", ["sum", "concat"])
def test_gradients(merge):
    torch.manual_seed(2)
    block = CBAM(4, reduction=2, kernel_size=(1, 3), merge=merge).double()
    x = torch.randn(2, 4, 2, 5, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in block.named_parameters()]

    def run(x, *values):
        return torch.func.functional_call(block, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *block.parameters()))


def test_padding_doesnt_affect_attention():
    torch.manual_seed(3)
    block = CBAM(4).double()
    short = torch.randn(1, 4, 3, 8, dtype=torch.float64) - 5  # a zero would win every maximum
    padded = torch.cat([short, torch.zeros(1, 4, 3, 6, dtype=torch.float64)], dim=3)
    y = block(padded, frame_mask(torch.tensor([8]), 14).double())
    torch.testing.assert_close(y[..., :8], block(short))


def test_even_kernels_are_refused():
    with pytest.raises(ValueError, match="odd"):
        CBAM(2, kernel_size=(2, 3))
