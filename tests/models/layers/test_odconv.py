"""ODConv against the equations of the paper, written down loop by loop."""

import numpy as np
import pytest
import torch

from models import ODConv2d
from models.layers.masking import frame_mask


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _slow_odconv(layer, x, stride):
    """y = Σ_i (α_wi ⊙ α_f ⊙ α_c ⊙ α_s ⊙ W_i) * x, every product and sum by itself."""
    weights = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    kernels, filters, channels, kh, kw = weights["weight"].shape
    batch, _, height, width = x.shape
    rows, columns = -(-height // stride[0]), -(-width // stride[1])
    y = np.zeros((batch, filters, rows, columns))
    for b in range(batch):
        pooled = x[b].mean(axis=(1, 2))
        z = np.maximum(weights["squeeze.weight"] @ pooled + weights["squeeze.bias"], 0)
        heads = {
            name: weights[f"{name}.weight"] @ z + weights[f"{name}.bias"]
            for name in ("channel", "filter", "spatial", "kernel")
        }
        scores = np.exp(heads["kernel"] / layer.temperature)
        alpha_w = scores / scores.sum()
        alpha_c, alpha_f = _sigmoid(heads["channel"]), _sigmoid(heads["filter"])
        alpha_s = _sigmoid(heads["spatial"]).reshape(kh, kw)
        padded = np.pad(x[b], ((0, 0), (kh // 2, kh // 2), (kw // 2, kw // 2)))
        for o, r, c in np.ndindex(filters, rows, columns):
            for n, i, p, q in np.ndindex(kernels, channels, kh, kw):
                attended = (
                    alpha_w[n]
                    * alpha_f[o]
                    * alpha_c[i]
                    * alpha_s[p, q]
                    * weights["weight"][n, o, i, p, q]
                )
                y[b, o, r, c] += attended * padded[i, r * stride[0] + p, c * stride[1] + q]
    return y


@pytest.mark.parametrize(
    ("size", "kernels", "stride"),
    [((3, 3), 3, (1, 1)), ((1, 3), 2, (1, 1)), ((3, 3), 1, (2, 1)), ((1, 1), 4, (1, 1))],
)
def test_output_is_that_of_the_equations(size, kernels, stride):
    torch.manual_seed(1)
    layer = ODConv2d(3, 4, size, kernels=kernels, stride=stride, temperature=0.7).double()
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    expected = _slow_odconv(layer, x.numpy(), stride)
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-9, rtol=0)


def test_gradients_are_those_of_the_function():
    torch.manual_seed(2)
    layer = ODConv2d(2, 3, (1, 3), kernels=2, minimum=3).double()
    x = torch.randn(2, 2, 2, 4, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_padding_has_no_say_in_the_attention():
    torch.manual_seed(3)
    layer = ODConv2d(3, 4, (1, 3)).double()
    short = torch.randn(1, 3, 2, 6, dtype=torch.float64)
    padded = torch.cat([short, torch.zeros(1, 3, 2, 5, dtype=torch.float64)], dim=3)
    y = layer(padded, frame_mask(torch.tensor([6]), 11).double())
    torch.testing.assert_close(y[..., :6], layer(short))


def test_even_kernels_are_refused():
    with pytest.raises(ValueError, match="odd"):
        ODConv2d(2, 2, (2, 3))
