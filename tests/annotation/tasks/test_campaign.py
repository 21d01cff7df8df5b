"""Batches for named annotators."""

import json
from collections import Counter

import pytest

from annotation.batches.batches import read_batches, read_plans
from annotation.tasks.assignment import Panel
from annotation.tasks.export import export_tasks
from manifests.base.errors import ConfigurationError
from manifests.storage.store import write_text

PEOPLE = ("a01", "a02", "a03")


@pytest.fixture
def forty(corpus, new_clip):
    """Thirty eligible clips, and ten gold clips in an earlier shared batch."""
    export_tasks(corpus.root, batch="pilot")
    corpus.add(*(new_clip(number) for number in range(10, 40)))
    rows = "".join(
        f"{clip_id},{('sad', 'fear')[n % 2]}\n" for n, clip_id in enumerate(corpus.ids()[30:])
    )
    write_text(corpus.root / "annotations/gold.csv", f"clip_id,emotion\n{rows}")
    return corpus


def lists(corpus, batch):
    found = {one.annotator: one for one in read_batches(corpus.root) if one.name == batch}
    return {name: [data["clip_id"] for data in one.tasks] for name, one in found.items()}


def test_every_clip_goes_to_k_annotators_in_orders_of_their_own(corpus):
    outcome = export_tasks(corpus.root, panel=Panel(PEOPLE, per_clip=2), seed=3)
    found = lists(corpus, "batch-0001")
    assert Counter(clip for own in found.values() for clip in own) == dict.fromkeys(corpus.ids(), 2)
    assert sorted(map(len, found.values())) == [6, 7, 7]
    common = [clip for clip in found["a01"] if clip in found["a02"]]
    assert common != [clip for clip in found["a02"] if clip in found["a01"]]
    assert outcome.kept == 10
    assert outcome.details["tasks"] == 20
    assert outcome.details["annotators"]["a01"] == {"tasks": len(found["a01"]), "gold": 0}
    [folder] = outcome.outputs
    assert folder == corpus.root / "annotations/tasks/batch-0001"
    assert read_plans(corpus.root)["batch-0001"].per_clip == 2


def test_the_same_seed_gives_the_same_files(corpus):
    def files(seed):
        outcome = export_tasks(corpus.root, batch="b", panel=Panel(PEOPLE, per_clip=2), seed=seed)
        [folder] = outcome.outputs
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        return found

    assert files(1) == files(1) != files(2)


def test_gold_comes_unmarked_and_never_twice_to_the_same_annotator(forty):
    gold = set(forty.ids()[30:])
    met = {name: [] for name in PEOPLE}
    for _ in range(3):
        outcome = export_tasks(forty.root, panel=Panel(PEOPLE, gold_rate=0.25), limit=6)
        batch = outcome.details["batch"]
        for name, own in lists(forty, batch).items():
            golden = [clip for clip in own if clip in gold]
            assert outcome.details["annotators"][name] == {"tasks": 8, "gold": 2}
            assert len(own) == len(set(own)) == 8
            met[name] += golden
        assert set(read_plans(forty.root)[batch].gold) <= gold
    for golden in met.values():
        assert len(golden) == len(set(golden)) == 6
    first = [set(golden[:2]) for golden in met.values()]
    assert not first[0] & first[1]
    assert not first[1] & first[2]
    keys = {tuple(sorted(row)) for one in read_batches(forty.root) for row in one.rows}
    assert keys == {("data",)}
    assert {tuple(sorted(data)) for one in read_batches(forty.root) for data in one.tasks} == {
        ("asr_flags", "asr_text", "audio", "batch", "cast", "clip_id", "context", "votes")
    }


def test_gold_of_a_shared_batch_counts_as_seen_by_everybody(forty):
    export_tasks(forty.root, batch="all", limit=26, seed=1)
    clip_ids = set(lists(forty, "all")[None])
    assert clip_ids & set(forty.ids()[30:])
    outcome = export_tasks(forty.root, panel=Panel(PEOPLE, gold_rate=0.5))
    assert not clip_ids & set(lists(forty, outcome.details["batch"])["a01"])


def test_annotators_with_too_little_unseen_gold_are_named(forty):
    export_tasks(forty.root, panel=Panel(["a01"], gold_rate=0.5), limit=9)
    outcome = export_tasks(forty.root, panel=Panel(PEOPLE[:2], gold_rate=0.5))
    assert outcome.details["annotators"] == {
        "a01": {"tasks": 12, "gold": 1},
        "a02": {"tasks": 21, "gold": 10},
    }
    assert outcome.warnings == [
        "a01 gets 1 gold clips instead of 11: there are 10, each shown once",
        "a02 gets 10 gold clips instead of 11: there are 10, each shown once",
    ]


def test_gold_is_needed_for_a_gold_rate(corpus):
    with pytest.raises(ConfigurationError, match="has no clips"):
        export_tasks(corpus.root, panel=Panel(PEOPLE, gold_rate=0.5))


def test_gold_of_undecided_sources_is_left_out_with_a_warning(forty):
    for path in (forty.root / "stages" / "screen").glob("*.jsonl"):
        path.unlink()
    outcome = export_tasks(forty.root, panel=Panel(PEOPLE, gold_rate=0.25))
    assert "10 of 10 gold clips" in outcome.warnings[0]
    assert "undecided" in outcome.warnings[0]


def test_gold_without_audio_is_left_out_with_a_warning(forty):
    gone = forty.clips[30]
    (forty.root / gone.path).unlink()
    outcome = export_tasks(forty.root, panel=Panel(PEOPLE, gold_rate=0.25))
    assert "1 of 10 gold clips" in outcome.warnings[0]
    assert not outcome.failures
    assert gone.clip_id not in read_plans(forty.root)["batch-0001"].gold


@pytest.mark.parametrize(
    ("panel", "said"),
    [
        (Panel([]), "at least one"),
        (Panel(["a01", "a01"]), "'a01' is named twice"),
        (Panel(["li@lab.example"]), "isn't a pseudonym"),
        (Panel(["../x"]), "isn't a pseudonym"),
        (Panel(PEOPLE, per_clip=4), "--per-clip 4"),
        (Panel(PEOPLE, gold_rate=0.9), "--gold-rate 0.9"),
        (Panel(["a01", "a09"]), "'a09' is not in annotations/annotators.csv, which has a01, a02"),
    ],
)
def test_invalid_panels_are_refused(corpus, panel, said):
    rows = "annotator,server,number,email\na01,,,\na02,,,\na03,,,\n"
    write_text(corpus.root / "annotations/annotators.csv", rows)
    with pytest.raises(ConfigurationError, match=said):
        export_tasks(corpus.root, panel=panel)
    assert not list((corpus.root / "annotations").glob("tasks"))


def test_ranked_tasks_stay_in_their_order_for_everybody(corpus):
    backwards = sorted(corpus.ids(), reverse=True)
    outcome = export_tasks(
        corpus.root,
        panel=Panel(PEOPLE, per_clip=2),
        ranking=lambda ids: sorted(ids, reverse=True),
        limit=6,
    )
    for own in lists(corpus, "batch-0001").values():
        assert own == [clip for clip in backwards[:6] if clip in own]
    assert read_plans(corpus.root)["batch-0001"].order == "uncertainty"
    assert outcome.rejected == {"over the limit": 4}


def test_pre_annotations_are_what_label_studio_pre_selects(corpus):
    clip_id = corpus.ids()[0]
    known = {clip_id: [0.1, 0.1, 0.1, 0.1, 0.5, 0.1]}
    outcome = export_tasks(corpus.root, pre_annotations=known)
    rows = {row["data"]["clip_id"]: row for row in json.loads(outcome.outputs[0].read_text())}
    [prediction] = rows.pop(clip_id)["predictions"]
    assert prediction["score"] == 0.5
    assert [(item["from_name"], item["value"]) for item in prediction["result"]] == [
        ("emotion", {"choices": ["surprise"]}),
        ("transcript", {"text": ["今天巴适 0"]}),
    ]
    assert not any("predictions" in row for row in rows.values())
    assert "pre-selected" in outcome.warnings[0]


def test_context_and_cast_are_shown_where_there_are_any(corpus, new_clip):
    said = [
        new_clip(40, speaker="s2", speaker_source="subtitle"),
        new_clip(41, speaker="s1", speaker_source="file"),
        new_clip(42, speaker="c1", speaker_source="cluster"),
    ]
    corpus.add(*said)
    clip_ids = []

    def context(clips):
        clip_ids.extend(clip.clip_id for clip in clips)
        return {corpus.ids()[0]: "clips/剧/context/x.wav"}

    export_tasks(corpus.root, context=context, limit=12)
    [batch] = read_batches(corpus.root)
    tasks = {data["clip_id"]: data for data in batch.tasks}
    assert sorted(clip_ids) == sorted(tasks)
    assert {data["context"] for data in tasks.values()} == {
        "",
        "/data/local-files/?d=clips/%E5%89%A7/context/x.wav",
    }
    assert all(data["cast"] == [{"value": "s1"}, {"value": "s2"}] for data in tasks.values())
