"""Small corpus with Chinese names and spaces, and exports in the format of Label Studio 1.23."""

import json
from pathlib import Path

import pytest

from manifests.storage.records import Screen
from manifests.storage.shards import STAGES, write_shard
from tests.factories import make_clip, make_transcript

SOURCE = "剧 第1集-0123456789ab"


def clip_record(number, **changes):
    return make_clip(SOURCE, number * 4, number * 4 + 4, **changes)


class Corpus:
    """Corpus folder with the stages of the earlier commands."""

    def __init__(self, root):
        self.root = root
        root.mkdir()
        (root / "corpus.toml").write_text('[corpus]\nname = "试"\n', encoding="utf-8")
        self.clips = []

    def add(self, *clips, accepted=True, texts=()):
        for clip in clips:
            path = self.root / clip.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"RIFF")
        self.clips += clips
        screen = [Screen(clip_id=clip.clip_id, accepted=accepted) for clip in self.clips]
        self.write("segments", self.clips)
        self.write("screen", screen)
        self.write("transcripts", texts)

    def write(self, stage, records):
        write_shard(self.root, STAGES[stage], SOURCE, records, {})

    def ids(self):
        return [clip.clip_id for clip in self.clips]


@pytest.fixture
def new_clip():
    return clip_record


@pytest.fixture
def corpus(tmp_path):
    """Ten accepted clips."""
    corpus = Corpus(tmp_path / "corpus")
    corpus.add(
        *(clip_record(number) for number in range(10)),
        texts=[
            make_transcript(
                clip_record(number).clip_id,
                f"今天巴适 {number}",
                model="tiny",
                flags=["repeated_text", "too_fast"] if number == 0 else [],
            )
            for number in range(10)
        ],
    )
    return corpus


def answer_items(emotion="happy", *, text=None, confidence=None, problems=(), emotion2=None):
    def item(name, kind, value):
        return {"from_name": name, "to_name": "audio", "type": kind, "value": value}

    items = [item("emotion", "choices", {"choices": [emotion]})]
    if text is not None:
        items.append(item("transcript", "textarea", {"text": [text]}))
    if confidence is not None:
        items.append(item("confidence", "rating", {"rating": confidence}))
    if problems:
        items.append(item("problems", "choices", {"choices": list(problems)}))
    if emotion2 is not None:
        items.append(item("emotion2", "choices", {"choices": [emotion2]}))
    return items


class Exporter:
    """Writer of exports with consecutive ids."""

    def __init__(self, folder):
        self.folder = folder
        self.tasks = []
        self.last = 0

    def annotation(self, result=None, **changes):
        self.last += 1
        return {
            "id": self.last,
            "completed_by": 1,
            "result": answer_items() if result is None else result,
            "was_cancelled": False,
            "ground_truth": False,
            "created_at": "2026-11-22T14:00:52.043371Z",
            "updated_at": "2026-11-22T14:00:52.043428Z",
            "draft_created_at": None,
            "lead_time": 7.5,
            "prediction": {},
            "result_count": 1,
            "unique_id": f"a5cfbd20-2fd0-406b-859a-{self.last:012d}",
            "last_action": None,
            "task": len(self.tasks) + 1,
            "project": 1,
            "parent_prediction": None,
        } | changes

    def task(self, clip_id, *annotations, **changes):
        data = {"clip_id": clip_id, "audio": "/data/local-files/?d=x", "batch": "batch-0001"}
        task = {
            "id": len(self.tasks) + 1,
            "annotations": list(annotations),
            "drafts": [],
            "predictions": [],
            "data": data,
            "meta": {},
            "project": 1,
        }
        self.tasks.append(task | changes)
        return self

    def write(self, name="export.json"):
        path = self.folder / name
        path.write_text(json.dumps(self.tasks, ensure_ascii=True), encoding="utf-8")
        return path


@pytest.fixture
def exporter(tmp_path):
    return Exporter(tmp_path)


@pytest.fixture
def items():
    return answer_items


@pytest.fixture(scope="session")
def peers():
    """Random tables of votes with the figures of other packages
    (benchmarks/annotation/agreement_peers.py)."""
    return json.loads((Path(__file__).parent / "peers.json").read_text(encoding="utf-8"))
