import sys
from types import ModuleType

import datasets
import pytest
import soundfile


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Return a function that loads a folder as Hugging Face's audiofolder, from the disk alone.

    datasets 4 and newer asks for torchcodec, which needs a system's FFmpeg, before it looks at a
    clip. Paths are not decoded, so a substitute that does nothing is enough.
    """
    encoders = ModuleType("torchcodec.encoders")
    encoders.AudioEncoder = None
    monkeypatch.setitem(sys.modules, "torchcodec", ModuleType("torchcodec"))
    monkeypatch.setitem(sys.modules, "torchcodec.encoders", encoders)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)

    def run(folder):
        found = datasets.load_dataset(
            "audiofolder", data_dir=str(folder), cache_dir=str(tmp_path / "cache")
        )
        return found.cast_column("audio", datasets.Audio(decode=False))

    return run


@pytest.mark.parametrize("audio", ["copy", "flac"])
def test_datasets_loads_every_split_with_all_fields(export, manifest, samples, load, audio):
    folder = export("hf", audio=audio)
    loaded = load(folder)
    assert set(loaded) == {"train", "validation", "test"}
    rows = {row["clip_id"]: (split, row) for split in loaded for row in loaded[split]}
    held = [entry for entry in manifest.entries if entry.split == "held"]
    assert len(rows) == len(manifest.entries) - len(held)
    for entry in manifest.entries:
        if entry.split == "held":
            assert list((folder / "held").glob(f"{entry.clip_id}.*"))
            continue
        split, row = rows[entry.clip_id]
        assert split == {"val": "validation"}.get(entry.split, entry.split)
        assert (row["emotion"], row["text"]) == (entry.emotion, entry.text)
        assert (row["speaker"], row["gender"], row["age"]) == (entry.speaker, "female", 31)
        assert row["soft"] == entry.soft
        assert [(one["annotator"], one["emotion"]) for one in row["votes"]] == entry.votes
        assert row["duration"] == entry.duration
        path = row["audio"]["path"]
        assert soundfile.read(path, dtype="int16")[0].tolist() == samples(entry)


def test_the_card_is_its_readme(export, manifest):
    folder = export("hf")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme == (manifest.folder / "card.md").read_text(encoding="utf-8")
    assert (folder / "classes.png").is_file()
