"""Draw Figures 1 to 4 of the paper as implemented here, as SVG: docs/images/paper-*.svg.

    python docs/draw_paper.py [--check]

Sizes are those of preset ``paper`` for a clip of 4 seconds, read from the settings and networks.
With --check nothing is written, and the exit code is 1 if a file would change.
"""

import argparse
import sys
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from models.branches import AudioBranch, TextBranch
from models.config.train import TrainSettings
from models.features.normalise import Normaliser
from models.model import build_network
from models.text.vocabulary import Vocabulary

IMAGES = Path(__file__).parent / "images"
SECONDS = 4
COLUMN, ROW, WIDTH, HEIGHT, MARGIN = 126, 84, 112, 52, 6  # pixels

STYLE = """
.box{fill:#fff;stroke:#2f5d8a;stroke-width:1.6} .in{fill:#f3f4f6;stroke:#8a929c}
.out{fill:#eef5ec;stroke:#3e7d4c} .t{font-size:14px;font-weight:600;fill:#1d2733}
.s{font-size:12px;fill:#4b5563} text{text-anchor:middle}
.a{stroke:#5b6470;stroke-width:1.5;fill:none;marker-end:url(#tip)}
"""
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 8 4 0 8z" fill="#5b6470"/></marker>'
)


@dataclass(frozen=True)
class Box:
    """Box of a figure: grid position, operation and output size."""

    column: float
    row: float
    title: str
    below: str = ""
    kind: str = ""

    @property
    def x(self) -> float:
        """Left edge in pixels."""
        return MARGIN + self.column * COLUMN

    @property
    def y(self) -> float:
        """Vertical centre in pixels."""
        return MARGIN + HEIGHT / 2 + self.row * ROW


@dataclass(frozen=True)
class Drawing:
    """Figure of named boxes and arrows between them."""

    title: str
    boxes: dict[str, Box]
    arrows: str  # chains of box names, e.g. "a b c, b d"

    def svg(self) -> str:
        """Return the figure as SVG."""
        width = max(box.x for box in self.boxes.values()) + WIDTH + MARGIN
        height = max(box.y for box in self.boxes.values()) + HEIGHT / 2 + MARGIN
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'font-family="Helvetica, Arial, sans-serif" role="img" '
            f'aria-label="{escape(self.title)}">',
            f"<defs>{TIP}<style>{STYLE}</style></defs>",
            f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
            *(self._arrow(*pair) for pair in self._pairs()),
            *(_box(box) for box in self.boxes.values()),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _pairs(self) -> list[tuple[str, str]]:
        chains = [chain.split() for chain in self.arrows.split(",")]
        return [pair for chain in chains for pair in pairwise(chain)]

    def _arrow(self, start: str, end: str) -> str:
        a, b = self.boxes[start], self.boxes[end]
        if b.column - a.column < 0.5:  # below or above
            x, down = a.x + WIDTH / 2, 1 if b.row > a.row else -1
            return (
                f'<path class="a" d="M{x:g} {a.y + down * HEIGHT / 2:g}'
                f'V{b.y - down * HEIGHT / 2:g}"/>'
            )
        turn = b.x - (COLUMN - WIDTH) / 2
        return f'<path class="a" d="M{a.x + WIDTH:g} {a.y:g}H{turn:g}V{b.y:g}H{b.x:g}"/>'


def _box(box: Box) -> str:
    middle = box.x + WIDTH / 2
    title = f'<text class="t" x="{middle:g}" y="{box.y + (-3 if box.below else 5):g}">'
    lines = [f"{title}{escape(box.title)}</text>"]
    if box.below:
        lines.append(
            f'<text class="s" x="{middle:g}" y="{box.y + 15:g}">{escape(box.below)}</text>'
        )
    return (
        f'<rect class="{f"box {box.kind}".strip()}" x="{box.x:g}" y="{box.y - HEIGHT / 2:g}" '
        f'width="{WIDTH}" height="{HEIGHT}" rx="7"/>{"".join(lines)}'
    )


class Shapes:
    """Sizes of the layers' outputs with preset ``paper``, for one clip."""

    def __init__(self) -> None:
        self.settings = settings = TrainSettings(preset="paper")
        words, features = settings.words, settings.features
        normaliser = Normaliser.fit([np.zeros((1, features.n_mfcc), dtype=np.float32)], 1.0)
        branches = {
            "audio": AudioBranch(settings, normaliser),
            "text": TextBranch(settings, Vocabulary(()), torch.zeros(2, words.size)),
        }
        network = build_network(branches, 6)
        frames = 1 + round(SECONDS * 1000 / features.hop_ms)
        self.sizes: dict[str, str] = {}
        for name, module in network.named_modules():
            module.register_forward_hook(
                lambda _module, _inputs, output, name=name: self.sizes.update(
                    {name: " × ".join(map(str, output.shape[1:]))}
                )
            )
        network.eval()
        network(
            torch.zeros(1, features.n_mfcc, frames),
            torch.tensor([frames]),
            torch.ones(1, words.max_words, dtype=torch.long),
        )
        self.sizes["mfcc"] = f"{features.n_mfcc} × {frames}"
        self.sizes["both"] = str(network.output.in_features)

    def __getitem__(self, name: str) -> str:
        return self.sizes[name]


def model(shapes: Shapes) -> Drawing:
    """Figure 1."""
    words = shapes.settings.words
    return Drawing(
        "Figure 1: sound and words become a vector each, which are joined and classified",
        {
            "clip": Box(0, 0, "clip", f"{SECONDS} s, 16 kHz", "in"),
            "mfcc": Box(1, 0, "MFCC", shapes["mfcc"]),
            "conv": Box(2, 0, "2 convolutions", shapes["audio.second"]),
            "odconv": Box(3, 0, "ODConv", shapes["audio.third"]),
            "cbam": Box(4, 0, "CBAM", shapes["audio.cbam"]),
            "pool": Box(5, 0, "mean over time", f"f_a: {shapes['audio.dropout']}"),
            "text": Box(0, 1, "text", "巴适得很！", "in"),
            "clean": Box(1, 1, "cleaning", "letters alone"),
            "jieba": Box(2, 1, "jieba", f"N = {words.max_words} words"),
            "vectors": Box(3, 1, "word2vec", f"{words.max_words} × {words.size}"),
            "cnn": Box(4, 1, "Text-CNN", f"f_t: {shapes['text']}"),
            "join": Box(6, 0.5, "concat", f"f: {shapes['both']}"),
            "softmax": Box(7, 0.5, "softmax", "fᵀM + b: 6", "out"),
        },
        "clip mfcc conv odconv cbam pool join softmax, text clean jieba vectors cnn join",
    )


def odconv(shapes: Shapes) -> Drawing:
    """Figure 2."""
    audio = shapes.settings.audio
    layer = "audio.third"
    return Drawing(
        "Figure 2: ODConv mixes a kernel for every clip, attended along its four dimensions",
        {
            "x": Box(0, 1.5, "x", shapes["audio.second"], "in"),
            "mean": Box(1, 1.5, "mean", "over places"),
            "shared": Box(2, 1.5, "FC, ReLU", shapes[f"{layer}.squeeze"]),
            "w": Box(3, 0, "FC, softmax", f"α_w: {shapes[f'{layer}.kernel']} kernels"),
            "c": Box(3, 1, "FC, sigmoid", f"α_c: {shapes[f'{layer}.channel']} channels"),
            "f": Box(3, 2, "FC, sigmoid", f"α_f: {shapes[f'{layer}.filter']} filters"),
            "s": Box(3, 3, "FC, sigmoid", f"α_s: {shapes[f'{layer}.spatial']} positions"),
            "kernels": Box(4, 0.1, f"W_1 … W_{audio.kernels}", "learnt", "in"),
            "mix": Box(4, 1.5, "Σ α ⊙ W_i", "the clip's kernel"),
            "conv": Box(5, 1.5, "convolution", "of x"),
            "y": Box(6, 1.5, "y", shapes[layer], "out"),
        },
        "x mean shared w mix, shared c mix, shared f mix, shared s mix, kernels mix conv y",
    )


def cbam(shapes: Shapes) -> Drawing:
    """Figure 3."""
    block = "audio.cbam"
    channels = shapes[f"{block}.expand"].split(" × ")[-1]
    hidden = shapes[f"{block}.reduce"].split(" × ")[-1]
    return Drawing(
        "Figure 3: CBAM weighs channels, then places; mean and maximum over channels are added",
        {
            "x": Box(0, 0.5, "F", shapes[block], "in"),
            "average": Box(1, 0, "average", f"places: {channels}"),
            "maximum": Box(1, 1, "maximum", f"places: {channels}"),
            "mlp": Box(2, 0.5, "shared MLP", f"{channels} → {hidden} → {channels}"),
            "sum": Box(3, 0.5, "sum, sigmoid", f"M_c: {channels}"),
            "scaled": Box(4, 0.5, "F' = M_c ⊙ F", shapes[block]),
            "mean": Box(5, 0, "mean", "over channels"),
            "most": Box(5, 1, "maximum", "over channels"),
            "add": Box(6, 0.5, "sum", "one map"),
            "conv": Box(7, 0.5, "7 × 7, sigmoid", f"M_s: {shapes[f'{block}.spatial']}"),
            "y": Box(8, 0.5, "M_s ⊙ F'", shapes[block], "out"),
        },
        "x average mlp, x maximum mlp sum scaled mean add, scaled most add conv y",
    )


def text_cnn(shapes: Shapes) -> Drawing:
    """Figure 4."""
    words = shapes.settings.words
    rows = {width: row for row, width in enumerate(words.widths)}
    boxes = {
        "words": Box(0, 1, "words", f"N = {words.max_words}", "in"),
        "vectors": Box(1, 1, "word2vec", f"{words.max_words} × {words.size}"),
    }
    for number, (width, row) in enumerate(rows.items()):
        size = shapes[f"text.convolutions.{number}"]
        boxes[f"conv{row}"] = Box(2, row, f"over {width} words", size)
        boxes[f"max{row}"] = Box(3, row, "ReLU, max", str(words.filters))
    boxes["join"] = Box(4, 1, "concat", f"f_t: {shapes['text']}", "out")
    chains = [f"vectors conv{row} max{row} join" for row in rows.values()]
    title = "Figure 4: Text-CNN keeps the strongest answer of every filter"
    return Drawing(title, boxes, ", ".join(["words vectors", *chains]))


FIGURES = {"model": model, "odconv": odconv, "cbam": cbam, "text-cnn": text_cnn}


def main() -> int:
    """Draw the figures, or report those out of date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    shapes, changed = Shapes(), 0
    for name, figure in FIGURES.items():
        path, drawn = IMAGES / f"paper-{name}.svg", figure(shapes).svg()
        if not path.is_file() or path.read_text(encoding="utf-8") != drawn:
            changed += 1
            print(f"{path}: {'would change' if options.check else 'written'}")
            if not options.check:
                path.write_text(drawn, encoding="utf-8")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
