"""ODConv against the equations of the paper, implemented with loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models import ODConv2d
from models.layers.masking import frame_mask


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _attentions(layer, x):
    """Return α_w, α_c, α_f and α_s of one sample; ones if the layer has none."""
    weights = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    kernels, filters, _, kh, kw = weights["weight"].shape
    z = weights["squeeze.weight"] @ x.mean(axis=(1, 2)) + weights["squeeze.bias"]
    z = np.maximum(z, 0)

    def head(name, n):
        if f"{name}.weight" not in weights:
            return None
        found = weights[f"{name}.weight"] @ z + weights[f"{name}.bias"]
        assert found.shape == (n,)
        return found / layer.temperature

    scores = head("kernel", kernels)
    alpha_w = np.ones(1) if scores is None else np.exp(scores) / np.exp(scores).sum()
    sigmoids = {
        name: np.ones(n) if head(name, n) is None else _sigmoid(head(name, n))
        for name, n in (("channel", len(x)), ("filter", filters), ("spatial", kh * kw))
    }
    return alpha_w, sigmoids["channel"], sigmoids["filter"], sigmoids["spatial"].reshape(kh, kw)


def _slow_odconv(layer, x):
    """Return y = Σ_i (α_wi ⊙ α_f ⊙ α_c ⊙ α_s ⊙ W_i) * x, computed with loops."""
    weight = layer.weight.detach().numpy()
    kernels, filters, inside, kh, kw = weight.shape
    (sh, sw), (ph, pw), (dh, dw) = layer.stride, layer.padding, layer.dilation
    batch, _, height, width = x.shape
    rows = (height + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    columns = (width + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((batch, filters, rows, columns))
    for b in range(batch):
        alpha_w, alpha_c, alpha_f, alpha_s = _attentions(layer, x[b])
        for o, r, c in np.ndindex(filters, rows, columns):
            first = o // (filters // layer.groups) * inside  # channel of the filter's group
            for n, i, p, q in np.ndindex(kernels, inside, kh, kw):
                row, column = r * sh + p * dh - ph, c * sw + q * dw - pw
                if 0 <= row < height and 0 <= column < width:
                    attention = alpha_w[n] * alpha_f[o] * alpha_c[first + i] * alpha_s[p, q]
                    y[b, o, r, c] += (
                        attention * weight[n, o, i, p, q] * x[b, first + i, row, column]
                    )
            if layer.bias is not None:
                y[b, o, r, c] += layer.bias[o].item()
    return y


@st.composite
def _layers(draw):
    def few(low, high):
        return draw(st.integers(low, high))

    groups = few(1, 2)
    size = few(1, 3), few(1, 3)
    dilation = few(1, 2), few(1, 2)
    odd = size[0] % 2 and size[1] % 2
    padding = draw(st.sampled_from([None, (1, 2)])) if odd else (few(1, 2), few(0, 2))
    layer = ODConv2d(
        groups * few(1, 2),
        groups * few(1, 2),
        size,
        kernels=few(1, 3),
        stride=(few(1, 2), few(1, 2)),
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
        minimum=few(1, 4),
        temperature=draw(st.sampled_from([0.5, 1.0, 30.0])),
    ).double()
    # larger or smaller than the kernels, so that both ways of scaling are tested
    x = torch.randn(few(1, 3), layer.squeeze.in_features, few(5, 7), few(5, 8)).double()
    return layer, x if draw(st.booleans()) else x[..., :1, :]


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(0, 2**16))
def test_output_equals_the_equations(data, seed):
    torch.manual_seed(seed)
    layer, x = data.draw(_layers())
    if layer.bias is not None:
        torch.nn.init.normal_(layer.bias)
    if x.shape[2] + 2 * layer.padding[0] <= layer.dilation[0] * (layer.kernel_size[0] - 1):
        return  # the kernel is taller than the input
    expected = _slow_odconv(layer, x.numpy())
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("width", [2, 40])
def test_both_ways_of_scaling_equal_the_equations(width):
    torch.manual_seed(4)
    layer = ODConv2d(5, 6, (1, 3), kernels=3, temperature=0.7).double()
    x = torch.randn(2, 5, 1, width, dtype=torch.float64)
    assert layer.folds(x) == (width == 40)
    expected = _slow_odconv(layer, x.numpy())
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    "options",
    [
        {"kernels": 2},
        {"kernels": 2, "stride": 2, "dilation": (1, 2), "bias": True},
        {"kernels": 1, "groups": 2},
        {"kernels": 2, "kernel_size": 1},
        {"kernels": 1, "kernel_size": 1},
    ],
)
@pytest.mark.parametrize("width", [2, 4])
def test_gradients(options, width):
    torch.manual_seed(2)
    options = {"kernel_size": (1, 3), "minimum": 3, **options}
    layer = ODConv2d(2, 2, **options).double()
    x = torch.randn(2, 2, 2, width, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_padding_doesnt_affect_attention():
    torch.manual_seed(3)
    layer = ODConv2d(3, 4, (1, 3)).double()
    short = torch.randn(1, 3, 2, 6, dtype=torch.float64)
    padded = torch.cat([short, torch.zeros(1, 3, 2, 5, dtype=torch.float64)], dim=3)
    y = layer(padded, frame_mask(torch.tensor([6]), 11).double())
    torch.testing.assert_close(y[..., :6], layer(short))


def test_samples_are_independent_without_batch_normalisation():
    torch.manual_seed(5)
    x = torch.randn(3, 4, 2, 5, dtype=torch.float64)
    layer = ODConv2d(4, 4).double()
    torch.testing.assert_close(layer(x)[:1], layer(x[:1]))
    normalised = ODConv2d(4, 4, normalise=True).double()
    assert not torch.allclose(normalised(x)[:2], normalised(x[:2]))
    normalised.eval()
    torch.testing.assert_close(normalised(x)[:1], normalised(x[:1]))


def test_dimensions_of_size_one_get_no_attention():
    absent = ODConv2d(4, 4, 1, kernels=1, groups=4)
    assert (absent.kernel, absent.spatial, absent.filter) == (None, None, None)


def test_high_temperature_makes_attention_uniform():
    torch.manual_seed(6)
    layer = ODConv2d(3, 5, kernels=4)
    x = torch.randn(2, 3, 4, 4)
    layer.temperature = 1e6
    weights, channels, filters, places = layer.attention(x)
    torch.testing.assert_close(weights, torch.full((2, 4), 0.25))
    for even in (channels, filters, places):
        torch.testing.assert_close(even, torch.full_like(even, 0.5))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"kernel_size": (2, 3)}, "even size"), ({"kernel_size": 3, "groups": 3}, "groups")],
)
def test_invalid_options_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        ODConv2d(2, 2, **options)
