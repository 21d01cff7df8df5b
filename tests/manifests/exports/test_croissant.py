import logging

import mlcroissant
import pytest
import soundfile


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("absl").setLevel(logging.ERROR)


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def test_mlcroissant_validates_and_reads_every_clip(export, manifest, samples):
    folder = export("croissant")
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.issues.warnings
    assert (dataset.metadata.name, dataset.metadata.license) == ("川", ["CC-BY-4.0"])
    rows = list(dataset.records("clips"))
    assert len(rows) == len(manifest.entries)
    for row, entry in zip(rows, manifest.entries, strict=True):
        assert text(row["clips/clip_id"]) == entry.clip_id
        assert text(row["clips/emotion"]) == entry.emotion
        assert text(row["clips/split"]) == entry.split
        assert text(row["clips/text"]) == entry.text
        assert text(row["clips/speaker"]) == entry.speaker
        assert row["clips/duration"] == entry.duration
        assert list(row["clips/soft"]) == pytest.approx(entry.soft)
        votes = [tuple(map(text, vote)) for vote in row["clips/votes"]]
        assert votes == entry.votes
        path = folder / text(row["clips/file"])
        assert soundfile.read(path, dtype="int16")[0].tolist() == samples(entry)


def test_every_version_has_its_own_description(manifest):
    assert "croissant.json" in manifest.header.files
    dataset = mlcroissant.Dataset(jsonld=str(manifest.folder / "croissant.json"))
    assert not dataset.metadata.issues.errors
    rows = list(dataset.records("clips"))
    assert [text(row["clips/path"]) for row in rows] == [entry.path for entry in manifest.entries]
    assert dataset.metadata.version == "2.0.0"
