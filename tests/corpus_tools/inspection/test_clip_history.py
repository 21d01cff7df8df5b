import pytest

from annotation.judgements.store import judgements_folder
from corpus_tools.cli.why import _manifest, _sections
from corpus_tools.inspection.clip_history import clip_history, find_clip
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.records import Screen
from manifests.storage.shards import STAGES, write_shard
from manifests.storage.store import write_jsonl
from tests.factories import make_clip, make_judgement, make_source, make_transcript, seal_manifest

SOURCE, DIGEST = "E01-0123456789ab", "0" * 64
CLIPS = [f"{SOURCE}-{n * 4000:08d}-{n * 4000 + 4000:08d}" for n in range(3)]


def judgement(number, clip_id, annotator, emotion, **changes):
    created = f"2026-11-22T14:00:{number:02d}.000000Z"
    return make_judgement(clip_id, annotator, number, emotion, **{"created_at": created, **changes})


@pytest.fixture
def workspace(tmp_path):
    """Three clips, the last one not accepted; votes on the first two."""
    workspace = Workspace.create(tmp_path / "corpus", "c")
    source = make_source(SOURCE, series="剧", title="E01", media_path="E01.mp4", duration=12.0)
    clips = [make_clip(SOURCE, 4 * number, 4 * number + 4) for number in range(len(CLIPS))]
    screens = [
        Screen(clip_id=clip_id, accepted=number < 2, reasons=["music"] if number == 2 else [])
        for number, clip_id in enumerate(CLIPS)
    ]
    texts = [
        make_transcript(CLIPS[0], "要得", flags=["too_fast"]),
        make_transcript(CLIPS[0], "要得哦", source="subtitle"),
    ]
    for stage, records in (
        ("sources", [source]),
        ("segments", clips),
        ("screen", screens),
        ("transcripts", texts),
    ):
        write_shard(workspace.root, STAGES[stage], SOURCE, records, {})
    votes = [
        judgement(1, CLIPS[0], "a01", "sad"),
        judgement(1, CLIPS[0], "a01", "fear", updated_at="2026-11-22T15:00:00.000000Z"),
        judgement(2, CLIPS[0], "a02", "fear", emotion2="sad", problems=["music"]),
        judgement(3, CLIPS[0], "a03", "angry"),
        judgement(4, CLIPS[1], "a01", "sad"),
        judgement(5, CLIPS[1], "a02", "happy"),
    ]
    folder = judgements_folder(workspace.root)
    write_jsonl(folder / "1.jsonl", [row.row() for row in votes])
    return workspace


def printed(history):
    return {heading: "\n".join(lines) for heading, lines in _sections(history)}


def test_votes_and_label(workspace):
    history = clip_history(workspace, CLIPS[0])
    votes = history["votes"]
    counting = [(row["annotator"], row["emotion"]) for row in votes["counting"]]
    assert counting == [("a01", "fear"), ("a02", "fear"), ("a03", "angry")]
    assert [row["emotion"] for row in votes["replaced"]] == ["sad"]
    assert (votes["label"]["emotion"], votes["decided_by"]) == ("fear", "majority")
    assert history["next_build"] == "in"
    lines = printed(history)
    assert "a01 sad" in lines["before"]
    assert "a02 fear (or sad, music)" in lines["votes"]
    assert lines["label"] == (
        "fear by majority, 67% of the votes; class shares: fear 0.67, angry 0.33"
    )


def test_used_text_is_marked(workspace):
    lines = printed(clip_history(workspace, CLIPS[0]))["texts"]
    assert "whisper: 要得 [too_fast]" in lines
    assert "used: 要得哦 (subtitle, by [text] order" in lines


def test_tie_has_no_class(workspace):
    history = clip_history(workspace, CLIPS[1])
    assert history["votes"]["decided_by"] == history["next_build"] == "tie"
    assert printed(history)["label"].startswith("no class by tie")


def test_rejected_clip_has_a_reason(workspace):
    lines = printed(clip_history(workspace, CLIPS[2]))
    assert lines["screen"].startswith("rejected: music")
    assert lines["label"] == "no votes"
    assert lines["next build"] == "left out: not accepted"


@pytest.fixture
def predictions(workspace):
    """Path of a run's predictions."""
    run = workspace.runs / "v1-default-0"
    run.mkdir(parents=True)
    (run / "model.json").write_text("{}")
    return run / "predictions.csv"


HEAD = "clip_id,split,predicted,p_angry,p_fear,p_happy,p_neutral,p_surprise,p_sad\n"


def test_predictions_of_a_run(workspace, predictions):
    predictions.write_text(f"{HEAD}{CLIPS[0]},test,sad,0.1,0.1,0.1,0.1,0.1,0.5\n")
    assert (
        printed(clip_history(workspace, CLIPS[0]))["predictions"]
        == "v1-default-0: sad (0.50), on test"
    )
    assert "predictions" not in printed(clip_history(workspace, CLIPS[1]))


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        f"{HEAD}{CLIPS[0]},test\n",
        f"{HEAD}{CLIPS[0]},test,joy,0.1,0.1,0.1,0.1,0.1,0.5\n",
        f"{HEAD}{CLIPS[0]},test,sad,x,0.1,0.1,0.1,0.1,0.5\n",
        f"{HEAD}{'x' * 200_000},test,sad,0,0,0,0,0,0\n",
    ],
    ids=["other columns", "cut off", "no class", "no number", "endless"],
)
def test_bad_predictions_file_is_named(workspace, predictions, text):
    predictions.write_text(text)
    with pytest.raises(DataError, match=r"v1-default-0/predictions.csv: .* or delete it"):
        clip_history(workspace, CLIPS[0])


def test_bad_manifest_entry_is_named(workspace):
    folder = workspace.root / "manifests" / "v1"
    folder.mkdir(parents=True)
    write_jsonl(folder / "manifest.jsonl", [{"clip_id": CLIPS[0]}])
    seal_manifest(folder)
    assert printed(clip_history(workspace, CLIPS[1]))["manifests"] == "v1: not included"
    with pytest.raises(DataError, match=r"v1/manifest.jsonl: manifestentry field"):
        clip_history(workspace, CLIPS[0])


def test_unique_part_of_an_id_is_found():
    assert find_clip(CLIPS, CLIPS[1][:-10]) == CLIPS[1]
    with pytest.raises(ConfigurationError, match="3 ids contain 'E01'"):
        find_clip(CLIPS, "E01")
    with pytest.raises(ConfigurationError, match=f"no clip 'E02-.*{CLIPS[0]}"):
        find_clip(CLIPS, CLIPS[0].replace("E01", "E02"))


def test_fold_is_shown_with_the_split():
    entry = {"split": "train", "emotion": "sad", "group": "speaker:f1"}
    assert _manifest("v1", entry) == "v1: train, as sad, in group speaker:f1"
    assert (
        _manifest("v2", {**entry, "fold": 3}) == "v2: train (fold 3), as sad, in group speaker:f1"
    )


def test_history_reads_the_shards_of_the_clip_only(tmp_path, monkeypatch):
    from benchmarks.common.generated_corpus import add_judgements, write_corpus
    from corpus_tools.workspace.workspace import Workspace
    from manifests.storage.record import Record

    ids = write_corpus(tmp_path, 12, 4)
    add_judgements(tmp_path, ids, "batch")
    parsed = []
    parse = Record.parse.__func__
    monkeypatch.setattr(
        Record,
        "parse",
        classmethod(lambda kind, row, where: parsed.append(where) or parse(kind, row, where)),
    )
    history = clip_history(Workspace(tmp_path), ids[17])
    assert len(history["votes"]["counting"]) == 3
    assert history["next_build"] == "in"
    assert not [where for where in parsed if "e0003" in where]
    assert len([where for where in parsed if "/judgements/" in where]) == 3
