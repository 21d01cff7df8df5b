import hashlib
import io
import wave
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from manifests.base.emotions import EMOTIONS
from manifests.building.build import build_manifest
from manifests.storage.records import Speaker
from manifests.storage.sections import SplitSettings
from tests import factories
from tests.factories import clip_id_of, make_clip, make_label, make_source


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
        clip_id = clip_id_of(source, start, start + 4)
        path = self.root / "clips" / source / f"{clip_id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_wav(len(self.clips)))
        self.clips.append(
            make_clip(
                source,
                start,
                start + 4,
                sha256=hashlib.sha256(clip_id.encode()).hexdigest(),
                file_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                speaker=speaker,
                speaker_source="subtitle" if speaker else None,
                sentence=sentence,
                **clip,
            )
        )
        self.label(clip_id, emotion, votes)
        self.texts[clip_id] = ("巴适得板", "subtitle")
        self.sources[source] = make_source(source, series=series)
        if speaker:
            gender = "female" if speaker.startswith("f") else "male"
            self.speakers[speaker] = Speaker(speaker_id=speaker, gender=gender)
        return clip_id

    def label(self, clip_id, emotion, votes=3):
        self.labels[clip_id] = make_label(clip_id, emotion, votes)

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
    return factories.make_entry
