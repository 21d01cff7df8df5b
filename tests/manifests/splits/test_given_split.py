from manifests.versions.manifest import load_manifest


def sides(corpus, version):
    entries = load_manifest(corpus.root / "manifests" / version).entries
    return {entry.clip_id: entry.split for entry in entries}


def test_imported_splits_move_no_clip_of_the_previous_version(filled):
    filled.build()
    before = sides(filled, "v1")
    trained = next(clip for clip, side in before.items() if side == "train")
    new = filled.add("s10", "sad", "f10")
    filled.build(given={trained: "test", new: "test"})
    assert sides(filled, "v2") == before | {new: "test"}


def test_imported_splits_move_no_returning_clip(filled):
    filled.build()
    before = sides(filled, "v1")
    trained = next(clip for clip, side in before.items() if side == "train")
    label = filled.labels[trained]
    filled.label(trained, None)
    filled.build()
    assert trained not in sides(filled, "v2")
    filled.labels[trained] = label
    filled.build(given={trained: "test"})
    assert sides(filled, "v3") == before
