import pytest

from corpus_tools.assembly.manifest import shared_recordings
from corpus_tools.media.wav import write_wav
from corpus_tools.segmentation.repeats.fingerprint import fingerprint, to_text
from manifests.storage.records import Fingerprint
from manifests.storage.shards import STAGES, write_shard
from tests.factories import make_clip


@pytest.fixture
def add(tmp_path):
    def add(source_id, samples):
        path = tmp_path / "clips" / source_id / f"{source_id}.wav"
        path.parent.mkdir(parents=True)
        sha256 = write_wav(path, samples)
        return make_clip(
            source_id,
            0,
            3,
            clip_id=source_id,
            path=path.relative_to(tmp_path).as_posix(),
            file_sha256=sha256,
        )

    return add


def test_stored_and_new_fingerprints_are_compared(tmp_path, add, make_voice):
    voice, other = (
        (20_000 * make_voice(3, pitch=pitch, seed=seed)).astype("int16")
        for pitch, seed in ((130, 1), (210, 2))
    )
    clips = [add("a", voice), add("b", other), add("c", voice // 2)]
    stored = [Fingerprint(clip_id="a", hashes=to_text(fingerprint(voice)))]
    write_shard(tmp_path, STAGES["fingerprints"], "a", stored, {})
    (tmp_path / clips[0].path).unlink()
    assert shared_recordings(tmp_path, clips) == {"a": "a", "c": "a"}
    assert shared_recordings(tmp_path, reversed(clips)) == {"a": "a", "c": "a"}


def test_unreadable_clips_are_skipped(tmp_path, add, make_voice):
    clips = [add("a", (9000 * make_voice(2)).astype("int16"))]
    (tmp_path / clips[0].path).write_bytes(b"no sound")
    assert shared_recordings(tmp_path, clips) == {}
