import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from corpus_tools.media.wav import pcm_sha256
from corpus_tools.transcription.recognisers.base import Recogniser, RecogniserOptions, Recognition
from corpus_tools.transcription.store import put_transcripts
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.record import Record
from manifests.storage.records import Clip, Screen, SubtitleLine, Transcript
from manifests.storage.shards import STAGES, write_shard
from tests.factories import make_clip, make_source


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Whisper; PyTorch uses one thread, as several cost more than they save."""
    import torch

    torch.set_num_threads(1)
    write = runpy.run_path(str(Path(__file__).with_name("tiny_whisper.py")))["write_checkpoint"]
    return write(tmp_path_factory.mktemp("whisper") / "tiny.pt")


@pytest.fixture
def put() -> Callable[[Workspace, str, str, Sequence[Record]], None]:
    """Write a stage shard."""

    def write(workspace: Workspace, stage: str, source: str, records: Sequence[Record]) -> None:
        inputs = {"n": [record.row() for record in records]}
        write_shard(workspace.root, STAGES[stage], source, records, inputs)

    return write


@pytest.fixture
def new_clip() -> Callable[..., Clip]:
    def make(source: str, start: float, end: float, sha256: str = "0" * 64, **more: Any) -> Clip:
        return make_clip(source, start, end, sha256=sha256, **more)

    return make


@pytest.fixture
def workspace(tmp_path: Path, put: Any, new_clip: Any) -> Workspace:
    """A corpus of a drama with two accepted clips and a rejected one, and a scripted line."""
    workspace = Workspace.create(tmp_path / "corpus", "test")
    noise = np.random.default_rng(0)
    for source, spans in (("drama", [(0, 3), (3, 7), (8, 12)]), ("script", [(0, 3)])):
        clips = []
        for start, end in spans:
            samples = noise.normal(0, 3000, 16000 * (end - start)).astype(np.int16)
            clip = new_clip(source, float(start), float(end), pcm_sha256(samples))
            path = workspace.root / clip.path
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, 16000, subtype="PCM_16")
            clips.append(clip)
        put(workspace, "segments", source, clips)
        screens = [Screen(clip_id=clip.clip_id, accepted=clip.start < 8) for clip in clips]
        put(workspace, "screen", source, screens)
        kind = "drama" if source == "drama" else "scripted"
        put(workspace, "sources", source, [make_source(source, kind=kind, duration=12.0)])
    lines = [
        SubtitleLine(source_id="drama", start=0.3, end=2.7, text="巴适得很！"),
        SubtitleLine(source_id="drama", start=8.5, end=9.5, text="莫得"),
    ]
    put(workspace, "subtitles", "drama", lines)
    script = Transcript(
        clip_id="script-00000000-00003000", text="要得", text_raw="要得", source="script"
    )
    put_transcripts(workspace.root, "script", "script", [script], {})
    return workspace


@pytest.fixture
def readings(workspace: Workspace, put: Any, new_clip: Any) -> list[str]:
    """Add five scripted recordings of one clip each to the corpus."""
    sources = [f"line-{number}" for number in range(5)]
    for number, source in enumerate(sources):
        noise = np.random.default_rng(number).normal(0, 3000, 16000 * (3 + number))
        samples = noise.astype(np.int16)
        clip = new_clip(source, 0.0, 3.0 + number, pcm_sha256(samples))
        path = workspace.root / clip.path
        path.parent.mkdir(parents=True)
        soundfile.write(path, samples, 16000, subtype="PCM_16")
        put(workspace, "segments", source, [clip])
        put(workspace, "screen", source, [Screen(clip_id=clip.clip_id, accepted=True)])
        put(workspace, "sources", source, [make_source(source, kind="scripted", duration=12.0)])
    return sources


class Parrot:
    """A recogniser that returns the duration of each clip as its text."""

    name = "parrot"

    def __init__(self, options: RecogniserOptions) -> None:
        self.options = options
        self.batches: list[int] = []

    @property
    def clips_recognised(self) -> int:
        return sum(self.batches)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"prompt": self.options.prompt}

    def transcribe(self, clips: Sequence[Any], language: str | None) -> list[Recognition]:
        self.batches.append(len(clips))
        return [Recognition(f"{len(clip) // 16000} 秒钟", language, -0.5) for clip in clips]


@pytest.fixture
def parrots(monkeypatch: pytest.MonkeyPatch) -> list[Recogniser]:
    """Install the recogniser ``parrot``; every instance is added to the list."""
    made: list[Recogniser] = []

    def make(options: RecogniserOptions) -> Recogniser:
        made.append(Parrot(options))
        return made[-1]

    entry = SimpleNamespace(name="parrot", load=lambda: make)
    monkeypatch.setattr("manifests.base.plugins.installed_entries", lambda group: {"parrot": entry})
    return made
