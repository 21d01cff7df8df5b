import json
import os
import re
import shutil
import signal

import pytest

from annotation.batches.server_file import ServerFile
from annotation.judgements.annotators import Annotators, Rater
from annotation.judgements.importing import import_annotations
from annotation.judgements.store import read_judgements
from corpus_tools.inspection.clip_history import clip_history
from corpus_tools.inspection.status import survey
from corpus_tools.segmentation.intake.identify import KnownSources, identify
from corpus_tools.segmentation.ledger.commit import is_whole
from corpus_tools.segmentation.ledger.decisions import ledger_fits
from corpus_tools.transcription.imports import import_transcripts
from corpus_tools.withdrawal import withdraw as work
from corpus_tools.withdrawal.changes import csv_change
from corpus_tools.withdrawal.withdraw import finish_withdrawals, withdraw
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.storage.records import LedgerEntry, Source
from manifests.storage.shards import STAGES, read_shard, write_shard
from manifests.storage.speakers import check_not_withdrawn
from manifests.storage.tombstones import TOMBSTONES, read_tombstones
from manifests.versions.manifest import load_manifest, newest
from manifests.versions.verify import verify_manifest
from models.loading import cache_folder

FILM, READ = "E01-0123456789ab", "r1-ba9876543210"
CLIPS = [f"{FILM}-{n * 4000:08d}-{n * 4000 + 3000:08d}" for n in range(6)]
RECORDED = f"{READ}-00000000-00003000"


def tree(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def named_in(root, *needles):
    """Return the files, tombstones aside, with one of the texts in name or content."""
    return [
        place
        for place, data in tree(root).items()
        if not place.endswith((TOMBSTONES, "v1/withdrawn.json"))
        and any(one.encode() in HEX.sub(b"", place.encode() + data) for one in needles)
    ]


HEX = re.compile(rb"[0-9a-f]{16,}")  # a digest may have a short name in it by chance


def test_only_the_tombstone_is_left_of_a_speaker(workspace):
    root = workspace.root
    kept = (root / "clips" / FILM / f"{CLIPS[1]}.wav").read_bytes()
    outcome = withdraw(root, "speaker", "f01", reason="requested")
    assert outcome.ok
    assert named_in(root, "f01", CLIPS[0], CLIPS[3]) == []
    assert (root / "clips" / FILM / f"{CLIPS[1]}.wav").read_bytes() == kept
    (stone,) = read_tombstones(root)
    assert (stone.kind, stone.id, stone.reason) == ("speaker", "f01", "requested")
    assert stone.finished
    assert stone.clips == [CLIPS[0], CLIPS[3]]
    assert outcome.details["withdrawal"]["places"] == stone.counts
    assert outcome.details["withdrawal"]["remains"] == []
    assert stone.counts["judgements"] == stone.counts["subtitles"] + 2 == 4
    assert stone.counts["features"] == stone.counts["predictions"] == stone.counts["clips"] == 2
    assert [path.stem for path in cache_folder(root).rglob("*.safetensors")] == [READ]
    assert any("1 clip of the same sources has no known speaker" in w for w in outcome.warnings)


def test_the_remaining_film_is_consistent_and_its_seconds_add_up(workspace):
    root = workspace.root
    withdraw(root, "speaker", "f01")
    ledger = read_shard(STAGES["ledger"].path(root, FILM), LedgerEntry)
    assert {row.reason: row.seconds for row in ledger}["withdrawn"] == 6.0
    assert sum(row.seconds for row in ledger) == 24.0
    (film,) = read_shard(STAGES["sources"].path(root, FILM), Source)
    assert ledger_fits(root, FILM)
    assert is_whole(root, film)
    withdraw(root, "speaker", "m02")
    ledger = read_shard(STAGES["ledger"].path(root, FILM), LedgerEntry)
    assert {row.reason: row.seconds for row in ledger}["withdrawn"] == 12.0
    assert sum(row.seconds for row in ledger) == 24.0


def test_an_interrupted_cut_stays_unfinished(workspace):
    path = STAGES["ledger"].path(workspace.root, FILM)
    rows = read_shard(path, LedgerEntry)
    write_shard(workspace.root, STAGES["ledger"], FILM, rows, {"segments": "earlier"})
    withdraw(workspace.root, "speaker", "f01")
    assert not ledger_fits(workspace.root, FILM)


def test_excerpts_that_contain_the_speaker_are_deleted(workspace):
    root = workspace.root
    withdraw(root, "speaker", "f01")
    left = {path.stem for path in (root / "clips" / FILM / "context").glob("*.wav")}
    assert left == {CLIPS[5]}
    tasks = json.loads((root / "annotations/tasks/batch-0001/a01.json").read_text())
    data = {row["data"]["clip_id"]: row["data"] for row in tasks}
    assert data.keys() == {CLIPS[1], CLIPS[2], CLIPS[4], CLIPS[5]}
    assert data[CLIPS[1]]["context"] == ""
    assert data[CLIPS[5]]["context"]
    assert data[CLIPS[1]]["cast"] == [{"value": "m02"}]


def test_a_source_is_deleted_and_refused_later(workspace, make_voice, make_media):
    root = workspace.root
    film = make_media(root.parent / "again.wav", make_voice(2.0))
    (record,) = read_shard(STAGES["sources"].path(root, READ), Source)
    known = identify(film, root, KnownSources([]))
    row = record.changed(sha256=known.source.sha256)
    write_shard(root, STAGES["sources"], READ, [row], row.row())
    withdraw(root, "source", READ)
    assert named_in(root, READ) == []
    assert not (root / "clips" / READ).exists()
    with pytest.raises(CorpusError, match=f"source '{READ}', withdrawn on 2026"):
        identify(film, root, KnownSources([]))


def test_no_judgement_and_address_of_an_annotator_is_left(workspace):
    root = workspace.root
    withdraw(root, "annotator", "a01")
    assert named_in(root, "a01", "p1@lab.example") == []
    assert {row.annotator for row in read_judgements(root)} == {"a02"}
    assert oct((root / "annotations/annotators.csv").stat().st_mode)[-3:] == "600"
    assert list(ServerFile.read(root).servers["label-studio"].projects) == ["a02"]
    assert len(load_manifest(root / "manifests" / "v1").entries) == 7
    assert Annotators(root).pseudonym("other", Rater(9, None)) == "a03"
    (stone,) = read_tombstones(root)
    assert stone.accounts == [("label-studio", 1)]
    assert "@" not in (root / TOMBSTONES).read_text()


@pytest.mark.parametrize(("kind", "name"), [("speaker", "f01"), ("annotator", "a01")])
def test_withdrawn_judgements_are_not_imported_again(workspace, kind, name):
    root = workspace.root
    withdraw(root, kind, name)
    before = len(list(read_judgements(root)))
    annotation = {
        "created_at": "2026-11-23T00:00:00Z",
        "updated_at": "2026-11-23T00:00:00Z",
        "result": [
            {
                "from_name": "emotion",
                "to_name": "audio",
                "type": "choices",
                "value": {"choices": ["sad"]},
            }
        ],
    }
    tasks = [
        {
            "id": 70 + number,
            "data": {"clip_id": one},
            "annotations": [
                {**annotation, "id": 700 + 10 * number + who, "completed_by": who} for who in (1, 2)
            ],
        }
        for number, one in enumerate((CLIPS[0], CLIPS[1]))
    ]
    export = root.parent / "export.json"
    export.write_text(json.dumps(tasks))
    outcome = import_annotations(root, [export])
    assert outcome.ok
    assert outcome.rejected["withdrawn"] == 2
    assert outcome.kept == 2 == len(list(read_judgements(root))) - before


def test_a_version_verifies_as_withdrawn_and_the_next_leaves_it_out(workspace, build):
    root, folder = workspace.root, workspace.root / "manifests" / "v1"
    digest = load_manifest(folder).header.digest
    withdraw(root, "speaker", "f01")
    outcome = verify_manifest(folder)
    assert outcome.ok
    assert outcome.rejected == {"withdrawn": 2}
    assert outcome.items_in == outcome.kept + 2
    assert "2 clips and 0 votes of speaker 'f01' withdrawn on" in outcome.warnings[0]
    manifest = load_manifest(folder)
    assert len(manifest.entries) == 5
    assert manifest.header.digest == digest
    assert "build the next version" in manifest.caveats()[0]
    built = build(workspace)
    assert built.details["manifest"]["version"] == "v2"
    assert built.details["manifest"]["new"]
    assert built.rejected["withdrawn"] == 2
    assert not load_manifest(root / "manifests" / "v2").caveats()
    assert not build(workspace).details["manifest"]["new"]


def test_damage_to_a_withdrawn_version_is_still_detected(workspace):
    folder = workspace.root / "manifests" / "v1"
    withdraw(workspace.root, "speaker", "f01")
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        try:
            found = verify_manifest(folder).failures
            named = [f"{failure.item}: {failure.reason}" for failure in found]
        except DataError as error:
            named = [str(error)]
        assert any(path.name in sentence for sentence in named), path.name
        path.write_bytes(whole)
    (workspace.root / TOMBSTONES).unlink()
    assert [failure.item for failure in verify_manifest(folder).failures] == ["v1/withdrawn.json"]


def test_a_dry_run_changes_nothing_and_counts_the_same(workspace):
    before = tree(workspace.root)
    counted = withdraw(workspace.root, "speaker", "f01", dry_run=True)
    assert tree(workspace.root) == before
    done = withdraw(workspace.root, "speaker", "f01")
    assert done.details["withdrawal"]["places"] == counted.details["withdrawal"]["places"]
    assert done.items_in == counted.items_in > 0


def test_a_second_withdrawal_changes_nothing(workspace):
    withdraw(workspace.root, "speaker", "f01")
    before = tree(workspace.root)
    again = withdraw(workspace.root, "speaker", "f01")
    assert again.items_in == 0
    assert "withdrawn before" in again.warnings[0]
    assert tree(workspace.root) == before


@pytest.mark.parametrize("kind", ["speaker", "source", "annotator"])
def test_an_unknown_id_names_the_nearest(workspace, kind):
    before = tree(workspace.root)
    with pytest.raises(ConfigurationError, match=f"no {kind} 'f0l': the nearest are"):
        withdraw(workspace.root, kind, "f0l")
    assert tree(workspace.root) == before


def killed_at(root, step, kind, name):
    """Withdraw in a process that is killed before change number ``step``; return True if it was."""
    pid = os.fork()
    if pid:
        return os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    left, apply = [step], work._apply

    def dying(*given):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        apply(*given)

    work._apply = dying
    try:
        withdraw(root, kind, name)
    finally:
        os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("kind", "name"), [("speaker", "f01"), ("source", FILM), ("annotator", "a01")]
)
def test_the_next_run_finishes_a_killed_withdrawal(workspace, tmp_path, kind, name):
    whole = shutil.copytree(workspace.root, tmp_path / "whole")
    withdraw(whole, kind, name)
    expected, step = tree(whole), 0
    while True:
        root = shutil.copytree(workspace.root, tmp_path / f"killed-{step}")
        if not killed_at(root, step, kind, name):
            break
        finish_withdrawals(root)
        assert tree(root) == expected, step
        shutil.rmtree(root)
        step += 1
    assert step > 5


def test_an_unfinished_withdrawal_blocks_other_commands(workspace, monkeypatch):
    def dying(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "_apply", dying)
    with pytest.raises(KeyboardInterrupt):
        withdraw(workspace.root, "speaker", "f01")
    assert not survey(workspace)["withdrawn"][0]["finished"]
    with pytest.raises(CorpusError, match="corpus withdraw --speaker f01"):
        workspace.lock("segment").__enter__()
    (warning,) = verify_manifest(newest(workspace.root)).warnings
    assert "before you restore anything, finish it: corpus withdraw --speaker f01" in warning


def test_status_and_why_report_withdrawals_and_scripts_are_refused(workspace):
    withdraw(workspace.root, "speaker", "f01")
    found = survey(workspace)
    assert found["withdrawn"][0]["id"] == "f01"
    assert found["clips"]["orphaned"] == 0
    with pytest.raises(ConfigurationError, match="deleted with speaker 'f01', withdrawn on"):
        clip_history(workspace, CLIPS[0])
    texts = workspace.root.parent / "texts.jsonl"
    texts.write_text(json.dumps({"clip_id": CLIPS[0], "text": "x"}) + "\n")
    (failure,) = import_transcripts(workspace, texts).failures
    assert "went with speaker 'f01'" in failure.reason
    script = workspace.root.parent / "script.csv"
    with pytest.raises(DataError, match="lines of speaker 'f01'"):
        check_not_withdrawn(workspace.root, script, {"f01", "m02"})
    with pytest.raises(DataError, match="lines of speaker 'f01'"):
        check_not_withdrawn(workspace.root, script, {"Ｆ０１"})


def test_another_spelling_of_a_withdrawn_speaker_is_named(workspace):
    with (workspace.root / "speakers.csv").open("a", encoding="utf-8") as table:
        table.write("F01,female,,,,\n")
    said = "\n".join(withdraw(workspace.root, "speaker", "f01").warnings)
    assert "F01 may be the same person in another spelling and was not withdrawn" in said


def test_rows_that_stay_in_a_table_are_still_no_formulas(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,note\na,'=1+1\nb,x\n")
    (change,) = csv_change(path, "x.csv", lambda row: row[0] == "b")
    assert change.data == b"id,note\na,'=1+1\n"
