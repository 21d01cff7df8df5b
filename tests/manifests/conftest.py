import hashlib
import io
import wave
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from manifests.base.emotions import EMOTIONS
from manifests.building.build import build_manifest
from manifests.storage.records import Clip, Label, ManifestEntry, Source, Speaker
from manifests.storage.sections import SplitSettings


@dataclass
class Corpus:
    """Synthetic inputs of a corpus, with a tiny WAV per clip."""

    root: Path
    clips: list = field(default_factory=list)
    labels: dict = field(default_factory=dict)
    texts: dict = field(default_factory=dict)
    speakers: dict = field(default_factory=dict)
    sources: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)

    def add(self, source, emotion, speaker=None, series=None, sentence=None, votes=3, **clip):
        start = sum(one.source_id == source for one in self.clips) * 4
        clip_id = f"{source}-{start * 1000:08d}-{start * 1000 + 4000:08d}"
        path = self.root / "clips" / source / f"{clip_id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_wav(len(self.clips)))
        self.clips.append(
            Clip(
                clip_id=clip_id,
                source_id=source,
                path=path.relative_to(self.root).as_posix(),
                start=start,
                end=start + 4,
                duration=4,
                sha256=hashlib.sha256(clip_id.encode()).hexdigest(),
                file_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                rms_db=-20,
                peak_db=-3,
                speech_ratio=0.9,
                speaker=speaker,
                speaker_source="subtitle" if speaker else None,
                sentence=sentence,
                **clip,
            )
        )
        self.label(clip_id, emotion, votes)
        self.texts[clip_id] = ("巴适得板", "subtitle")
        self.sources[source] = made_source(source, series)
        if speaker:
            gender = "female" if speaker.startswith("f") else "male"
            self.speakers[speaker] = Speaker(speaker_id=speaker, gender=gender)
        return clip_id

    def label(self, clip_id, emotion, votes=3):
        self.labels[clip_id] = Label(
            clip_id=clip_id,
            emotion=emotion,
            reason=None if emotion else "tie",
            soft=[float(name == emotion) for name in EMOTIONS] if emotion else None,
            votes=[(f"a{number:02d}", emotion) for number in range(votes)],
            agreement=1.0 if emotion else None,
        )

    def path(self, clip_id):
        return next(self.root / clip.path for clip in self.clips if clip.clip_id == clip_id)

    def build(self, settings=None, **options):
        return build_manifest(
            self.root,
            self.clips,
            self.labels,
            self.texts,
            self.speakers,
            self.sources,
            settings or SplitSettings(),
            self.params,
            **options,
        )


def made_source(source_id, series=None):
    return Source(
        source_id=source_id,
        series=series,
        episode=None,
        title=source_id,
        kind="drama",
        media_path=f"{source_id}.mp4",
        sha256="0" * 64,
        size=1,
        duration=600,
        track=0,
        sample_rate=48000,
        channels=2,
    )


def _wav(value):
    out = io.BytesIO()
    with wave.open(out, "wb") as stream:
        stream.setparams((1, 2, 16000, 0, "NONE", ""))
        stream.writeframes(value.to_bytes(2, "little") * 16)
    return out.getvalue()


@pytest.fixture
def drawn():
    """Builds with real plots."""


@pytest.fixture(autouse=True)
def _undrawn(request, monkeypatch):
    """Builds with empty files instead of plots, which would take most of the time."""
    if "drawn" not in request.fixturenames:
        for name in ("draw_classes", "draw_splits"):
            monkeypatch.setattr(
                f"manifests.building.write.{name}", lambda _, path: path.write_bytes(b"no picture")
            )


@pytest.fixture
def corpus(tmp_path):
    """An empty corpus."""
    return Corpus(tmp_path)


@pytest.fixture
def filled(corpus):
    """Ten speakers in one source each, with clips of every class."""
    for number in range(10):
        for emotion in EMOTIONS:
            corpus.add(f"s{number}", emotion, f"f{number}", f"series{number % 2}")
    return corpus


@pytest.fixture
def make_entry():
    """Return a function that makes manifest entries without splits."""

    def make(clip_id, emotion="angry", speaker=None, series=None, source="s", **fields):
        return ManifestEntry(
            **{
                "clip_id": clip_id,
                "path": f"clips/{source}/{clip_id}.wav",
                "sha256": "0",
                "file_sha256": "0",
                "source_id": source,
                "series": series,
                "speaker": speaker,
                "gender": None,
                "start": 0,
                "end": 4,
                "duration": 4,
                "text": "",
                "text_source": None,
                "emotion": emotion,
                "soft": [float(name == emotion) for name in EMOTIONS],
                "votes": [("a01", emotion)],
                "agreement": 1,
                "group": "",
                "split": "held",
            }
            | fields
        )

    return make
