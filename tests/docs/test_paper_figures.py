"""Figures of the model match the model."""

import importlib.util
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_figures_are_current(monkeypatch):
    spec = importlib.util.spec_from_file_location("draw_paper", DOCS / "draw_paper.py")
    draw_paper = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "draw_paper", draw_paper)
    spec.loader.exec_module(draw_paper)
    shapes = draw_paper.Shapes()
    for name, figure in draw_paper.FIGURES.items():
        stored = (DOCS / "images" / f"paper-{name}.svg").read_text(encoding="utf-8")
        assert stored == figure(shapes).svg(), "run: python docs/draw_paper.py"
