import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manifests.base.errors import DataError
from manifests.storage.sections import SplitSettings
from manifests.versions.diff import CHANGES, diff_as_markdown, diff_manifests
from tests.factories import seal_manifest

CLASSES = ("angry", "sad")


@pytest.fixture
def versions(filled):
    """Two versions of a corpus, and the changes between them."""
    filled.build()
    first, second, third = (clip.clip_id for clip in filled.clips[:3])
    filled.label(first, "sad")
    filled.texts[second] = ("安逸<b>", "annotator")
    removed = filled.clips.pop(2)
    del filled.labels[removed.clip_id]
    added = filled.add("s11", "fear", "f1", "series1")
    filled.build()
    folder = filled.root / "manifests"
    return folder / "v1", folder / "v2", (first, second, third, added)


def test_each_change_has_its_kind(versions):
    before, after, (first, second, third, added) = versions
    found = diff_manifests(before, after)
    kinds = {change.clip_id: change.kinds for change in found.changes}
    assert kinds == {
        first: ("relabelled", "revoted"),
        second: ("retranscribed",),
        third: ("removed",),
        added: ("added",),
    }
    assert found.kinds == {
        **dict.fromkeys(CHANGES, 0),
        **{"added": 1, "removed": 1, "relabelled": 1, "retranscribed": 1, "revoted": 1},
    }
    assert found.same == 57
    assert dict(found.relabels) == {("angry", "sad"): 1}
    assert not found.moves
    fields = {change.clip_id: change.fields for change in found.changes}
    assert fields[second]["text"] == ("巴适得板", "安逸<b>")
    assert fields[added]["emotion"] == (None, "fear")
    row = json.loads(json.dumps(found.row()))
    assert row["counts"]["after"]["train"].keys() >= {"angry", "sad"}
    assert len(row["changes"]) == 4


def test_reversed_diff_is_the_mirror_image(versions):
    before, after, _ = versions
    there, back = diff_manifests(before, after), diff_manifests(after, before)
    swapped = {"added": "removed", "removed": "added"}
    assert [
        (one.clip_id, tuple(swapped.get(kind, kind) for kind in one.kinds)) for one in there.changes
    ] == [(one.clip_id, one.kinds) for one in back.changes]


def test_a_version_does_not_differ_from_itself(versions):
    found = diff_manifests(versions[1], versions[1])
    assert not found.changes
    assert found.same == 60


def test_markdown_lists_changes_and_escapes_user_text(versions):
    before, after, (first, *_) = versions
    text = diff_as_markdown(diff_manifests(before, after))
    assert "| added | 1 |" in text
    assert "angry → sad" in text
    assert f"- {first}: relabelled" in text
    assert "<b>" not in text


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.sampled_from(CLASSES)),
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.sampled_from(CLASSES)),
)
def test_any_two_versions_differ_as_sets_do(tmp_path_factory, make_entry, before, after):
    folders = []
    for number, clips in enumerate((before, after), start=1):
        folder = tmp_path_factory.mktemp("m") / f"v{number}"
        folder.mkdir()
        rows = [make_entry(name, emotion).row() | {"group": "g", "split": "train"}
                for name, emotion in sorted(clips.items())]  # fmt: skip
        (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        seal_manifest(folder)
        folders.append(folder)
    found = diff_manifests(*folders)
    kinds = {change.clip_id: change.kinds[0] for change in found.changes}
    both = before.keys() & after.keys()
    assert kinds == {
        **dict.fromkeys(after.keys() - both, "added"),
        **dict.fromkeys(before.keys() - both, "removed"),
        **dict.fromkeys((name for name in both if before[name] != after[name]), "relabelled"),
    }
    assert found.same == len(both) - list(kinds.values()).count("relabelled")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense\n", "line 1: no entry"),
        ('{"clip_id":"b"}\n{"clip_id":"a"}\n', "order of their ids"),
        ("[" * 100_000, "no entry"),
    ],
)
def test_a_damaged_version_is_named(versions, text, said):
    before, after, _ = versions
    (after / "manifest.jsonl").write_text(text)
    with pytest.raises(DataError, match="changed since the version was written"):
        diff_manifests(before, after)
    seal_manifest(after)
    with pytest.raises(DataError, match=said):
        diff_manifests(after, after)
    (after / "manifest.jsonl").unlink()
    with pytest.raises(DataError, match="missing"):
        diff_manifests(before, after)


@pytest.mark.parametrize("folds_first", [True, False])
def test_a_version_with_folds_and_one_without(filled, folds_first):
    folds, plain = SplitSettings(folds="5"), SplitSettings()
    filled.build(folds if folds_first else plain)
    filled.build(plain if folds_first else folds, resplit=True)
    manifests = filled.root / "manifests"
    found = diff_manifests(manifests / "v1", manifests / "v2")
    assert found.same == 0
    assert all(None in change.fields["fold"] for change in found.changes)
