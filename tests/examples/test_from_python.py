"""The example of the Python interface runs, on its part of the sample."""

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.usefixtures("no_plots")
def test_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["from_python.py", str(tmp_path)])
    monkeypatch.setattr(sys, "path", [*sys.path])
    names = runpy.run_path(str(EXAMPLES / "from_python.py"))
    assert names["corpus"].status()["manifests"] == [{"version": "v1", "clips": 44}]
    assert "simulated annotations of 45 clips" in capsys.readouterr().out
