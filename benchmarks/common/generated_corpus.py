"""A corpus folder with made-up records and tiny clips, for benchmarks of what follows the cuts."""

import hashlib
import random
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from corpus_tools.segmentation.repeats.fingerprint import BITS, Hashes, to_text
from corpus_tools.workspace.workspace import Workspace
from manifests.base.emotions import EMOTIONS
from manifests.storage.records import Clip, Fingerprint, Judgement, Screen, Source, Transcript
from manifests.storage.shards import STAGES, write_shard
from manifests.storage.store import write_jsonl

__all__ = ["add_judgements", "make_source", "write_corpus"]


def write_corpus(
    root: Path, sources: int, clips_of_each: int, seed: int = 0, copies: int | None = None
) -> list[str]:
    """Write a corpus of screened clips, a speaker in two sources each; return the clips' ids.

    With a number of ``copies`` the clips have fingerprints, of which so many repeat another clip's.
    """
    Workspace.create(root, "generated")
    speakers = max(sources // 2, 1)
    lines = "".join(f"p{number},female\n" for number in range(speakers))
    (root / "speakers.csv").write_text(f"speaker_id,gender\n{lines}", encoding="utf-8")
    rng = random.Random(seed)
    ids = []
    sounds = _sounds(sources * clips_of_each, copies or 0, seed)
    for number in range(sources):
        name = f"e{number:04d}-0123456789ab"
        clips = [
            _clip(root, name, place, f"p{number % speakers}", rng) for place in range(clips_of_each)
        ]
        ids += [one.clip_id for one in clips]
        rows = {
            "sources": [make_source(name, f"series {number % 5}")],
            "segments": clips,
            "screen": [Screen(clip_id=one.clip_id, accepted=True) for one in clips],
            "transcripts": [
                Transcript(
                    clip_id=one.clip_id,
                    text=f"第{place}句",
                    text_raw=f"第{place}句",
                    source="whisper",
                )
                for place, one in enumerate(clips)
            ],
        }
        if copies is not None:
            rows["fingerprints"] = [
                Fingerprint(clip_id=one.clip_id, hashes=to_text(_hashes(next(sounds))))
                for one in clips
            ]
        for stage, found in rows.items():
            write_shard(root, STAGES[stage], name, found, {})
    return ids


def add_judgements(
    root: Path, ids: list[str], name: str, seed: int = 0, annotators: int = 3
) -> None:
    """Write the annotators' answers to some clips as one import."""
    rng = random.Random(f"{seed} {name}")
    rows = []
    for place, clip_id in enumerate(ids):
        emotion = EMOTIONS[rng.randrange(len(EMOTIONS))]
        for who in range(annotators):
            said = emotion if rng.random() < 0.8 else EMOTIONS[rng.randrange(len(EMOTIONS))]
            rows.append(_judgement(clip_id, who, f"{name}", annotators * place + who, said))
    folder = root / "annotations" / "judgements"
    write_jsonl(folder / f"{name}.jsonl", (row.row() for row in rows))


def make_source(name: str, series: str) -> Source:
    """Return a source of which there is no film."""
    return Source(
        source_id=name,
        series=series,
        episode=None,
        title=name,
        kind="drama",
        media_path=f"{name}.mp4",
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        size=1,
        duration=3600,
        track=0,
        sample_rate=48000,
        channels=2,
    )


def _sounds(clips: int, copies: int, seed: int) -> Iterator[int]:
    """Yield the number of each clip's sound; so many clips have that of any other."""
    rng = random.Random(f"{seed} sounds")
    drawn = rng.sample(range(clips), 2 * copies)
    again = dict(zip(drawn[:copies], drawn[copies:], strict=True))
    return (again.get(number, number) for number in range(clips))


def _hashes(sound: int) -> Hashes:
    return np.random.default_rng(sound).integers(1, 2**BITS, _FRAMES).astype(np.uint32)


def _clip(root: Path, source: str, place: int, speaker: str, rng: random.Random) -> Clip:
    clip_id = f"{source}-{place * 4000:08d}-{place * 4000 + 4000:08d}"
    path = root / "clips" / source / f"{clip_id}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = rng.randbytes(320)
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, 16000, 0, "NONE", ""))
        stream.writeframes(samples)
    return Clip(
        clip_id=clip_id,
        source_id=source,
        path=path.relative_to(root).as_posix(),
        start=place * 4.0,
        end=place * 4.0 + 4,
        duration=4.0,
        sha256=hashlib.sha256(samples).hexdigest(),
        file_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        rms_db=round(-25 + rng.gauss(0, 3), 2),
        peak_db=-3,
        snr_db=20,
        speech_ratio=0.9,
        speaker=speaker,
        speaker_source="subtitle",
    )


def _judgement(clip_id: str, who: int, batch: str, number: int, emotion: str) -> Judgement:
    return Judgement(
        clip_id=clip_id,
        annotator=f"a{who + 1:02d}",
        server=batch,
        project_id=who + 1,
        task_id=number,
        annotation_id=number,
        unique_id=None,
        created_at="2026-01-01T00:00:00Z",
        updated_at="2026-01-01T00:00:00Z",
        status="answered",
        emotion=emotion,
        import_sha256="0" * 64,
    )


_FRAMES = 235  # of a fingerprint of 4 s
