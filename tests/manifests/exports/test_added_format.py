"""The guide's format, installed as a third-party package."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from manifests.base.errors import ConfigurationError
from manifests.exports.formats import FORMATS, find_format

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "add-an-export-format.md"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a module and its entry points on the path, as pip does."""

    def run(module, code, entries):
        site = tmp_path / "site"
        info = site / f"{module}-0.1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 0.1.0\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        text = "\n".join(["[corpus_tools.export_formats]", *lines]) + "\n"
        (info / "entry_points.txt").write_text(text)
        (site / f"{module}.py").write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return run


def test_the_guides_format_is_found_and_exports(install, export, manifest, samples):
    page = GUIDE.read_text(encoding="utf-8")
    code, project = (
        re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("python", "toml")
    )
    (entries,) = tomllib.loads(project)["project"]["entry-points"].values()
    install("corpus_kaldi", code, entries)
    folder = export("kaldi")
    lines = (folder / "wav.scp").read_text().splitlines()
    assert [line.split()[0] for line in lines] == [entry.clip_id for entry in manifest.entries]
    first = manifest.entries[0]
    assert lines[0] == f"{first.clip_id} wav/{first.split}/{first.clip_id}.wav"
    assert (folder / lines[0].split()[1]).read_bytes() == manifest.audio(first).read_bytes()
    assert f"{first.clip_id} {first.emotion}" in (folder / "utt2emo").read_text().splitlines()


def test_formats_that_cannot_be_used_are_explained(install):
    install(
        "toy", "text = 'no format'", {"text": "toy:text", "gone": "toy:gone", "csv": "toy:text"}
    )
    with pytest.raises(ConfigurationError, match=r"no manifests\.exports\.formats\.Format"):
        find_format("text")
    with pytest.raises(ConfigurationError, match="can't be imported"):
        find_format("gone")
    with pytest.raises(ConfigurationError, match=r"choose from csv, .*croissant, gone, text$"):
        find_format("xml")
    assert find_format("csv") is FORMATS["csv"]
