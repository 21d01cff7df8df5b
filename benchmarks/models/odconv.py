"""Training cost of ODConv, compared with the authors' formulation and a plain convolution.

The authors' formulation (github.com/OSVAI/ODConv) multiplies all kernels by their attentions,
sums them for each sample, scales input and output by the attentions of their channels, and
convolves with one group per sample. Both have the same attentions and weights here and the same
output and gradients, which is checked first. A step is forward and backward, including gradients of
input and weights. The three are timed in turn; the table shows the median of the rounds' ratios.

Exit code 1 if ours is slower than the authors' formulation by more than 5 % for any shape.
"""

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models import ODConv2d

SHAPES = {  # name: batch, channels, height, width, kernel
    "the default encoder's, 4 s": (64, 32, 1, 125, (1, 3)),
    "the same, batches of 16": (16, 32, 1, 125, (1, 3)),
    "the paper encoder's, 4 s": (32, 32, 10, 200, (3, 3)),
    "64 channels": (32, 64, 10, 100, (3, 3)),
    "a picture": (8, 64, 28, 28, (3, 3)),
    "many channels, few places": (8, 256, 14, 14, (3, 3)),
    "1 x 1": (32, 64, 10, 100, (1, 1)),
}
QUICK = ("the default encoder's, 4 s", "the paper encoder's, 4 s")
SLACK = 1.05


def official(layer: ODConv2d, x: Tensor) -> Tensor:
    """Return the layer's output as the authors formulate it."""
    weights, channels, filters, places = layer.attention(x)
    batch, width = x.shape[:2]
    spread = layer.weight[None]  # (1, n, O, C, kh, kw)
    if places is not None:
        spread = places.view(batch, 1, 1, 1, *layer.kernel_size) * spread
    if weights is not None:
        spread = weights.view(batch, -1, 1, 1, 1, 1) * spread
    kernels = spread.sum(dim=1).flatten(0, 1)  # (B·O, C, kh, kw)
    y = F.conv2d(
        (x * channels[:, :, None, None]).reshape(1, batch * width, *x.shape[2:]),
        kernels,
        padding=layer.padding,
        groups=batch,
    ).view(batch, -1, *x.shape[2:])
    return y if filters is None else y * filters[:, :, None, None]


def step(run: Callable[[Tensor], Tensor], x: Tensor, parameters: list[Tensor], up: Tensor) -> float:
    """Return the seconds of a training step."""
    for one in (x, *parameters):
        one.grad = None
    start = time.perf_counter()
    torch.autograd.backward(run(x), up)
    return time.perf_counter() - start


def check(layer: ODConv2d, x: Tensor, up: Tensor) -> float:
    """Return the largest difference of output and gradients, as a share of the largest value."""
    double = ODConv2d(x.shape[1], x.shape[1], layer.kernel_size, kernels=len(layer.weight)).double()
    double.load_state_dict(layer.state_dict())
    found = []
    for run in (double, lambda value: official(double, value)):
        inside = x.detach()[:4].double().requires_grad_()
        double.zero_grad()
        y = run(inside)
        torch.autograd.backward(y, up[:4].double())
        found.append([y.detach(), inside.grad, *(one.grad.clone() for one in double.parameters())])
    pairs = zip(*found, strict=True)
    return max(float((a - b).abs().max() / b.abs().max().clamp(min=1e-12)) for a, b in pairs)


def measure(name: str, rounds: int) -> tuple[float, float, float, float]:
    """Return the plain step's seconds, our ratios to it and to the authors', the difference."""
    batch, channels, height, width, size = SHAPES[name]
    torch.manual_seed(0)
    layer = ODConv2d(channels, channels, size)
    plain = nn.Conv2d(channels, channels, size, padding=(size[0] // 2, size[1] // 2), bias=False)
    x = torch.randn(batch, channels, height, width, requires_grad=True)
    up = torch.randn(batch, channels, height, width)
    difference = check(layer, x, up)
    runs = {
        "plain": (plain, list(plain.parameters())),
        "ours": (layer, list(layer.parameters())),
        "official": (lambda value: official(layer, value), list(layer.parameters())),
    }
    times: dict[str, list[float]] = {key: [] for key in runs}
    for _ in range(rounds + 2):
        for key, (run, parameters) in runs.items():
            times[key].append(step(run, x, parameters, up))
    times = {key: each[2:] for key, each in times.items()}  # the first two warm up

    def ratio(key: str, base: str) -> float:
        return median(a / b for a, b in zip(times[key], times[base], strict=True))

    return median(times["plain"]), ratio("ours", "plain"), ratio("ours", "official"), difference


def main() -> int:
    """Measure, print the table, and return 0 if the bar is held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="two shapes, ten rounds")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rounds = 10 if options.quick else options.rounds
    print("| input | plain, ms | ours / plain | ours / authors' | largest difference |")
    print("| --- | ---: | ---: | ---: | ---: |")
    held = True
    for name in QUICK if options.quick else SHAPES:
        batch, channels, height, width, size = SHAPES[name]
        seconds, beside_plain, beside_official, difference = measure(name, rounds)
        held &= beside_official <= SLACK and difference < 1e-9
        shape = f"{batch} x {channels} x {height} x {width}, kernel {size[0]} x {size[1]}"
        print(
            f"| {name}: {shape} | {seconds * 1000:.1f} | {beside_plain:.2f} "
            f"| {beside_official:.2f} | {difference:.0e} |",
            flush=True,
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
