import sys

import lhotse
import numpy
import pytest

from manifests.base.errors import ConfigurationError


@pytest.mark.parametrize("audio", ["copy", "flac"])
def test_lhotse_reads_every_clip_with_all_fields(export, manifest, samples, audio):
    folder = export("lhotse", audio=audio)
    cuts = lhotse.CutSet.from_file(folder / "cuts.jsonl.gz").with_recording_path_prefix(folder)
    found = {cut.supervisions[0].id: cut for cut in cuts}
    assert len(found) == len(manifest.entries)
    for entry in manifest.entries:
        cut = found[entry.clip_id]
        [said] = cut.supervisions
        assert (said.text, said.speaker, said.gender) == (entry.text, entry.speaker, "female")
        custom = said.custom
        assert (custom["emotion"], custom["split"]) == (entry.emotion, entry.split)
        assert [tuple(vote) for vote in custom["votes"]] == entry.votes
        assert (custom["soft"], custom["age"]) == (entry.soft, 31)
        assert (custom["start"], custom["end"]) == (entry.start, entry.end)
        expected = samples(entry)
        assert cut.duration == pytest.approx(len(expected) / 16000)
        loaded = numpy.round(cut.load_audio()[0] * 32768).astype(int).tolist()
        assert loaded == expected
    recordings = lhotse.RecordingSet.from_file(folder / "recordings.jsonl.gz")
    supervisions = lhotse.SupervisionSet.from_file(folder / "supervisions.jsonl.gz")
    lhotse.validate_recordings_and_supervisions(recordings, supervisions)


def test_a_missing_package_is_named(export, monkeypatch):
    monkeypatch.setitem(sys.modules, "lhotse", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'corpus-tools\[lhotse\]'"):
        export("lhotse")
