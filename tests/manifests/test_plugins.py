"""Entry points: where they are looked up, and plugins that fail."""

import os
import subprocess
import sys

import pytest

from manifests.base.errors import ConfigurationError
from manifests.base.plugins import load_plugin, plugin_names

GROUP = "corpus_tools.recognisers"


def _install(folder, code="thing = 1"):
    info = folder / "toy-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\ntoy = toy_package:thing\n")
    (folder / "toy_package.py").write_text(code)


@pytest.mark.parametrize("entry", ["", "folder"])
def test_the_current_folder_is_not_searched(tmp_path, monkeypatch, entry):
    _install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path) if entry else "")
    assert ("toy" in plugin_names(GROUP)) == bool(entry)
    monkeypatch.chdir(tmp_path)
    assert "toy" not in plugin_names(GROUP)


def test_a_plugin_that_fails_in_any_way_is_explained(tmp_path, monkeypatch):
    _install(tmp_path, "raise RuntimeError('no\\nluck')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigurationError, match=r"'toy' can't be imported \(no luck\)"):
        load_plugin(GROUP, "toy", "recogniser")


def test_the_command_imports_nothing_from_the_current_folder(tmp_path):
    (tmp_path / "typer.py").write_text("raise SystemExit('imported')")
    done = subprocess.run(
        [sys.executable, "-m", "corpus_tools", "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
