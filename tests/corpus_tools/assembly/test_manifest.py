import hashlib
import json
import wave

import pytest
from typer.testing import CliRunner

from corpus_tools.assembly.manifest import parse_ratios
from corpus_tools.cli.app import app
from corpus_tools.media.wav import write_wav
from corpus_tools.workspace.workspace import Workspace
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError
from manifests.base.markdown import escape
from manifests.building.selection import choose_texts
from manifests.storage.records import Clip, Screen, Transcript
from manifests.storage.shards import STAGES, read_shard, write_shard
from manifests.storage.store import write_jsonl
from manifests.versions.manifest import load_manifest
from tests.factories import clip_id_of, make_clip, make_judgement, make_source

pytestmark = pytest.mark.usefixtures("no_plots")
SPEAKERS = 8


def clip(root, source_id, number, speaker):
    clip_id = clip_id_of(source_id, number * 4, number * 4 + 4)
    path = root / "clips" / source_id / f"{clip_id}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, 16000, 0, "NONE", ""))
        stream.writeframes(bytes([number, 0]) * 8)
    return make_clip(
        source_id,
        number * 4,
        number * 4 + 4,
        file_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        speaker=speaker,
        speaker_source="subtitle",
    )


def judgement(clip_id, annotator, number, **fields):
    return make_judgement(clip_id, annotator, number, **{"emotion": None, **fields})


@pytest.fixture
def root(tmp_path):
    """Eight speakers in a source each, one clip of each class, the last one rejected."""
    root = tmp_path / "corpus"
    Workspace.create(root, "试")
    (root / "speakers.csv").write_text(
        "speaker_id,gender\n" + "".join(f"p{n},female\n" for n in range(SPEAKERS))
    )
    votes = []
    for speaker in range(SPEAKERS):
        name = f"e{speaker}-0123456789ab"
        clips = [clip(root, name, number, f"p{speaker}") for number in range(len(EMOTIONS))]
        for stage, rows in {
            "sources": [make_source(name, series="茶馆", media_path="e.mp4", duration=60)],
            "segments": clips,
            "screen": [
                Screen(clip_id=one.clip_id, accepted=(speaker, place) != (7, 5))
                for place, one in enumerate(clips)
            ],
            "transcripts": [
                Transcript(clip_id=one.clip_id, text="要得", text_raw="要得", source="whisper")
                for one in clips
            ],
        }.items():
            write_shard(root, STAGES[stage], name, rows, {})
        votes += [(one.clip_id, emotion) for one, emotion in zip(clips, EMOTIONS, strict=True)]
    rows = [
        judgement(clip_id, annotator, 2 * number + place, emotion=emotion)
        for number, (clip_id, emotion) in enumerate(votes)
        for place, annotator in enumerate(("a01", "a02"))
    ]
    rows[0] = rows[0].changed(emotion="sad")  # a tie with the other annotator
    rows[2] = rows[2].changed(transcript="要不得")
    write_jsonl(root / "annotations" / "judgements" / "x.jsonl", [row.row() for row in rows])
    return root


@pytest.fixture
def run(root):
    def run(*arguments, code=0):
        result = CliRunner().invoke(app, ["build-manifest", "--corpus", str(root), *arguments])
        assert result.exit_code == code, result.output
        return result

    return run


def test_manifest_from_the_stages(root, run):
    printed = json.loads(run("--json").stdout)
    assert printed["counts"] == {"in": 47, "kept": 46, "rejected": {"tie": 1}, "failed": 0}
    assert printed["manifest"]["groups"]["by"] == ["speaker", "source"]
    assert any("1 labelled clip is rejected now" in warning for warning in printed["warnings"])
    manifest = load_manifest(root / "manifests" / "v1")
    texts = {entry.clip_id: (entry.text, entry.text_source) for entry in manifest.entries}
    assert texts.pop("e0-0123456789ab-00004000-00008000") == ("要不得", "annotator")
    assert set(texts.values()) == {("要得", "whisper")}
    assert {entry.gender for entry in manifest.entries} == {"female"}
    assert manifest.entries[0].votes == [("a01", "fear"), ("a02", "fear")]
    assert manifest.header.params["corpus"]["name"] == "试"
    assert manifest.header.params["labels"]["min_votes"] == 1
    assert manifest.header.params["labels"]["method"] == "majority"
    card = (root / "manifests" / "v1" / "card.md").read_text(encoding="utf-8")
    assert "- method: majority" in card
    assert "- clips with an adjudicated label: 0" in card


def test_clips_without_a_decision_are_not_called_rejected(root, run):
    STAGES["screen"].path(root, "e7-0123456789ab").unlink()
    warnings = json.loads(run("--json").stdout)["warnings"]
    assert any("before it had screened e7-0123456789ab" in warning for warning in warnings)
    assert not any("rejected now" in warning for warning in warnings)


def test_table_and_summary_lines(run):
    printed = run()
    assert "v1: clips per class and split" in printed.stdout
    assert "surprise" in printed.stdout
    assert (
        "grouped by speaker and source; groups in train / val / test: 6 / 1 / 1" in printed.stdout
    )
    assert "in 47 = kept 46 + rejected 1 (tie 1) + failed 0" in printed.stderr
    again = run()
    assert "v1 has exactly this content already" in again.stderr
    assert "unchanged: " in again.stdout


def test_flags_override_the_settings(root, run):
    run("--group-by", "none", "--ratios", "6/2/2", "--seed", "3", "--min-votes", "2")
    params = load_manifest(root / "manifests" / "v1").header.params
    assert params["split"]["ratios"] == [0.6, 0.2, 0.2]
    assert (params["split"]["group_by"], params["split"]["seed"]) == ("none", 3)
    assert params["labels"]["min_votes"] == 2
    refused = run("--group-by", "speaker", code=2)
    assert "--resplit" in refused.stderr
    run("--group-by", "speaker", "--resplit")


def test_too_few_votes_build_nothing(run):
    printed = json.loads(run("--min-votes", "3", "--json").stdout)
    assert printed["counts"]["rejected"] == {"too_few_votes": 47}
    assert "nothing to build" in printed["warnings"][0]


def test_changed_clip_fails_and_is_named(root, run):
    path = next((root / "clips").rglob("*00012000.wav"))
    path.write_bytes(b"RIFF")
    refused = run(code=1)
    assert f"error: {path.stem}: clips/" in refused.stderr
    assert not (root / "manifests" / "v1").exists()


def test_empty_corpus_builds_nothing(tmp_path):
    Workspace.create(tmp_path / "c", "c")
    result = CliRunner().invoke(app, ["build-manifest", "--corpus", str(tmp_path / "c")])
    assert result.exit_code == 0
    assert "nothing to build" in result.stderr


@pytest.mark.parametrize("text", ["8/1", "a/b/c", "-1/1/1", "0/1/1", "inf/1/1", "nan/1/1", ""])
def test_bad_ratios(text):
    with pytest.raises(ConfigurationError, match=r"e\.g\. 8/1/1"):
        parse_ratios(text)


def test_corrected_text_is_used_by_the_order():
    def transcripts(text):
        return {"c": Transcript(clip_id="c", text=text, text_raw="", source="script")}

    corrected = {"c": "corrected"}
    assert (
        choose_texts(transcripts("said"), corrected, ("annotator", "script"))["c"][1] == "annotator"
    )
    assert choose_texts(transcripts("said"), corrected, ("script", "annotator"))["c"][1] == "script"
    assert choose_texts(transcripts("said"), corrected, ("script",))["c"][1] == "script"
    assert choose_texts(transcripts(" "), corrected, ("script", "annotator"))["c"][1] == "annotator"
    assert choose_texts(transcripts(" "), {}, ("script",)) == {}


def test_leakage_fails_only_a_strict_build(root, run):
    run("--group-by", "none")
    refused = run("--group-by", "none", "--seed", "1", "--resplit", "--strict", code=1)
    assert "error: v2: its splits share by speaker" in refused.stderr
    assert (root / "manifests" / "v2" / "manifest.json").exists()


def test_oversized_group_is_shown_and_nothing_is_written(root, run):
    (root / "corpus.toml").open("a").write("\n[split]\nlargest_group = 0.1\n")
    refused = run("--group-by", "speaker,series", code=1)
    assert "keys that join the clips of the largest group:" in refused.stdout
    assert "are connected by speaker and series" in refused.stderr
    assert not list((root / "manifests").glob("v*"))
    printed = json.loads(run("--group-by", "speaker,series", "--json", code=1).stdout)
    assert printed["tangle"]["by"] == ["speaker", "series"]
    bad = run("--group-by", "speaker,actor", code=2)
    assert "--group-by" in bad.stderr


def test_card_reports_agreement_and_screening(root, run):
    run()
    card = (root / "manifests" / "v1" / "card.md").read_text(encoding="utf-8")
    assert "Agreement of 2 annotators on the 48 clips" in card
    assert "Cut or recorded: 48 clips; accepted for labelling: 47." in card
    assert "| whisper |  | 45 |" in card
    assert "with this class" not in card
    assert "has exactly this content already" in run().output


def test_card_and_status_name_a_class_that_screening_rejects_more(root, run):
    for path in sorted((root / "stages" / "screen").glob("e[0-5]*.jsonl")):
        rows = read_shard(path, Screen)
        rows[1] = rows[1].changed(accepted=False, reasons=["clipped", "low_snr"])
        write_shard(root, STAGES["screen"], path.stem, rows, {})
    run()
    card = (root / "manifests" / "v1" / "card.md").read_text(encoding="utf-8")
    assert "| low\\_snr | 0 | 6 (75.0%) | 0 | 0 | 0 | 0 |" in card
    sentence = (
        f"clipped rejects 6 of 8 clips of {EMOTIONS[1]} (75.0%), but 0 of 39 of the other classes "
        "(0.0%); keep good ones in corpus review, or set another threshold: corpus screen"
    )
    assert escape(sentence) in card
    status = CliRunner().invoke(app, ["status", "--corpus", str(root)])
    assert f"by class     {sentence}" in status.output


def test_repeats_in_two_sources_stay_in_one_split(root, run, make_voice):
    voice = (20_000 * make_voice(3)).astype("int16")
    twins = []
    for name, level in (("e0-0123456789ab", 1), ("e5-0123456789ab", 3)):
        clips = read_shard(STAGES["segments"].path(root, name), Clip)
        sha256 = write_wav(root / clips[2].path, voice // level)
        clips[2] = clips[2].changed(file_sha256=sha256)
        write_shard(root, STAGES["segments"], name, clips, {})
        twins.append(clips[2].clip_id)
    run("--group-by", "speaker")
    entries = load_manifest(root / "manifests" / "v1").entries
    groups = {entry.group for entry in entries if entry.clip_id in twins}
    assert len(groups) == 1
    assert {entry.speaker for entry in entries if entry.group in groups} == {"p0", "p5"}
    leakage = json.loads((root / "manifests" / "v1" / "leakage.json").read_text())
    assert leakage["recording"]["values"] == 1


def test_clips_with_a_doubtful_combined_text_are_left_out_on_request(root, run):
    options = ("--min-text-confidence", "0.7", "--json")
    warned = json.loads(run(*options).stdout)
    assert warned["counts"]["rejected"] == {"tie": 1}
    assert any(
        "no clip's text is a combined one, so none is below the minimum confidence of 0.7" in text
        for text in warned["warnings"]
    )
    name = "e3-0123456789ab"
    clips = [one.clip_id for one in read_shard(STAGES["segments"].path(root, name), Clip)]
    shares = (0.5, 0.7, 1.0)
    texts = [
        Transcript(clip_id=clip_id, text="要", text_raw="要", source="combined", confidence=share)
        for clip_id, share in zip(clips, shares, strict=False)
    ]
    write_shard(root, STAGES["transcripts"], name, texts, {"n": 1})
    found = json.loads(run(*options).stdout)
    assert found["counts"]["rejected"] == {"tie": 1, "doubtful_text": 1}
    entries = {one.clip_id: one for one in load_manifest(root / "manifests" / "v2").entries}
    assert clips[0] not in entries
    assert [entries[one].text_confidence for one in clips[1:4]] == [0.7, 1.0, None]
    assert "text_confidence" not in entries[clips[3]].row()
    everything = json.loads(run("--json").stdout)
    assert everything["counts"]["rejected"] == {"tie": 1}
