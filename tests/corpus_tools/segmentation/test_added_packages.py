"""The guides' screening measure and voice detector, installed as third-party packages."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Clip, Screen
from manifests.storage.shards import STAGES, read_header, read_stage

ROOT = Path(__file__).resolve().parents[3]
RUN = """
import json, sys
sys.argv = ["corpus", "screen"]
from pathlib import Path
from typer.testing import CliRunner
from corpus_tools.assembly.manifest import _screening
from corpus_tools.cli.app import app
from manifests.card.card import screening_section
from manifests.card.draft import ScreeningFacts

corpus, *commands = json.loads(sys.stdin.read())
done = [CliRunner().invoke(app, [*command, "--corpus", corpus]) for command in commands]
sources = [path.stem for path in (Path(corpus) / "stages" / "screen").iterdir()]
card = screening_section(ScreeningFacts(**_screening(Path(corpus), sources, {})))
print(json.dumps([[row.exit_code, row.stdout, row.stderr] for row in done] + [[0, card, ""]]))
"""


def install(site: Path, guide: str) -> None:
    """Install the package of a guide in a folder for the path, as pip does."""
    page = (ROOT / "docs" / "how-to" / guide).read_text(encoding="utf-8")
    (name, code), project = (
        re.search(r"`(\w+)\.py`:\n\n```python\n(.*?)```", page, re.DOTALL).groups(),
        tomllib.loads(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1]),
    )
    ((group, entries),) = project["project"]["entry-points"].items()
    info = site / f"{name}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    lines = [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (site / f"{name}.py").write_text(code, encoding="utf-8")


@pytest.fixture
def installed(tmp_path):
    """Return a function that runs commands where both packages are installed."""
    site = tmp_path / "site"
    for guide in ("add-a-screening-measure.md", "add-a-voice-detector.md"):
        install(site, guide)

    def run(corpus, *commands):
        done = subprocess.run(
            [sys.executable, "-c", RUN],
            input=json.dumps([str(corpus), *commands]),
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        results = json.loads(done.stdout)
        assert all(code == 0 for code, *_ in results), results
        return [output for _, output, _ in results]

    return run


def test_added_measure_and_detector_are_used_everywhere(
    tmp_path, installed, make_scene, make_media
):
    corpus = Workspace.create(tmp_path / "corpus", "c").root
    film = make_media(tmp_path / "E01.wav", make_scene([(1.5, 0.8), (2, 0.4)]))
    *_, status, why, _, card = installed(
        corpus,
        ["segment", str(film), "--detector", "loud"],
        ["screen", "--max-hum-db", "-90"],
        ["status", "--json"],
        ["why", "E01"],
        ["review"],
    )
    # records are readable here, where the packages aren't installed
    clips = list(read_stage(corpus, STAGES["segments"], Clip))
    assert all(-90 < clip.measures["hum_db"] < 0 for clip in clips)
    assert {tuple(row.reasons) for row in read_stage(corpus, STAGES["screen"], Screen)} == {
        ("hum",)
    }
    inputs = read_header(STAGES["segments"].path(corpus, clips[0].source_id)).inputs
    assert (inputs["voice"], inputs["measures"]) == ("loud 1", ["hum_db"])
    assert json.loads(status)["clips"]["rejected"] == {"hum": len(clips)}
    assert "rejected: hum" in why
    assert f"hum_db {clips[0].measures['hum_db']}" in why
    html = next((corpus / "review").rglob("E01-*.html")).read_text("utf-8")
    assert "mains hum: -" in html
    assert "at most -90.0 dB" in html
    assert "| hum | 1 |" in card
    assert "at most -90 (1 source)" in card
