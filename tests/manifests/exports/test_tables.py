import csv
import json

import pandas
import pyarrow.parquet
import pytest
import soundfile

from manifests.base.emotions import EMOTIONS


def test_csv_has_all_fields(export, manifest, samples):
    folder = export("csv")
    with (folder / "clips.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(manifest.entries)
    for row, entry in zip(rows, manifest.entries, strict=True):
        assert (row["clip_id"], row["split"]) == (entry.clip_id, entry.split)
        assert (row["emotion"], row["text"]) == (entry.emotion, entry.text)
        assert json.loads(row["votes"]) == [list(vote) for vote in entry.votes]
        assert [float(row[f"soft_{name}"]) for name in EMOTIONS] == entry.soft
        assert (row["speaker"], row["age"], row["region"]) == (entry.speaker, "31", "成都")
        assert row["adjudicated"] == str(entry.adjudicated).lower()
        assert float(row["duration"]) == entry.duration
        assert soundfile.read(folder / row["file"], dtype="int16")[0].tolist() == samples(entry)


def test_parquet_has_all_fields_with_their_types(export, manifest):
    folder = export("parquet", audio="none")
    table = pyarrow.parquet.read_table(folder / "clips.parquet")
    for row, entry in zip(table.to_pylist(), manifest.entries, strict=True):
        assert row["votes"] == [{"annotator": a, "emotion": e} for a, e in entry.votes]
        assert (row["soft"], row["agreement"]) == (entry.soft, entry.agreement)
        assert (row["start"], row["end"], row["age"]) == (entry.start, entry.end, 31)
        assert row["file"] == entry.path
    frame = pandas.read_parquet(folder / "clips.parquet")
    assert frame.groupby("split").size().to_dict() == {
        split: sum(entry.split == split for entry in manifest.entries)
        for split in {entry.split for entry in manifest.entries}
    }
    assert sorted(path.name for path in folder.iterdir()) == ["SHA256SUMS", "clips.parquet"]


@pytest.mark.parametrize("audio", ["copy", "flac", "link"])
def test_every_sample_is_exported(export, manifest, samples, audio):
    folder = export("csv", audio=audio)
    for entry in manifest.entries:
        [path] = (folder / "audio").glob(f"{entry.clip_id}.*")
        assert path.suffix == (".flac" if audio == "flac" else ".wav")
        assert path.samefile(manifest.audio(entry)) == (audio == "link")
        assert soundfile.read(path, dtype="int16")[0].tolist() == samples(entry)
