import pytest

from manifests.exports.export import export_manifest
from manifests.storage.records import Speaker
from manifests.versions.manifest import load_manifest


@pytest.fixture
def built(filled):
    """Sixty clips of ten speakers with all fields known, one held out."""
    for number, clip in enumerate(filled.clips):
        filled.texts[clip.clip_id] = ("=巴适得板，\n“要得”", "subtitle")
        filled.labels[clip.clip_id] = filled.labels[clip.clip_id].changed(
            votes=[("a01", filled.labels[clip.clip_id].emotion), ("a02", None)],
            soft=[0.1, 0.2, 0.3, 0.1, 0.25, 0.05],
            adjudicated=number % 2 == 0,
        )
        filled.clips[number] = clip.changed(sentence=f"line-{number % 6}")
    filled.params = {
        "corpus": {"name": "川", "language": "zh", "licence": "CC-BY-4.0"},
        "card": {"description": "Sichuan drama.", "citation": "Li, 2026"},
    }
    filled.build()
    entries = load_manifest(filled.root / "manifests" / "v1").entries
    one, other = (next(one for one in entries if one.split == side) for side in ("train", "test"))
    filled.add(one.source_id, "sad", other.speaker, one.series)
    for name in filled.speakers:
        filled.speakers[name] = Speaker(speaker_id=name, gender="female", age=31, region="成都")
    outcome = filled.build()
    assert len(outcome.details["manifest"]["held"]) == 1
    return filled


@pytest.fixture
def manifest(built):
    return load_manifest(built.root / "manifests" / "v2")


@pytest.fixture
def export(built, manifest, tmp_path):
    """Return a function that exports and returns the folder."""

    def run(format_name, **options):
        folder = tmp_path / f"as-{format_name}"
        outcome = export_manifest(
            manifest, built.speakers, folder, format_name=format_name, **options
        )
        assert (outcome.failures, outcome.kept) == ([], len(manifest.entries))
        return folder

    return run


@pytest.fixture
def samples(manifest):
    """Return a function that reads the samples of a clip in the corpus."""
    import soundfile

    def read(entry):
        return soundfile.read(manifest.audio(entry), dtype="int16")[0].tolist()

    return read
