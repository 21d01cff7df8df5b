import csv
import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.media.probe import probe
from corpus_tools.prediction.predict import predict_all, predict_files, predict_version
from corpus_tools.prediction.segments import SegmentTranscriber, SoundChoice
from corpus_tools.prediction.tables import write_predictions
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.recognisers.base import Recognition
from corpus_tools.workspace.workspace import Workspace
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import canonical_json, sha256_file, write_jsonl, write_text
from manifests.versions.manifest import content_digest
from models.config.train import TrainSettings
from models.data import Example
from models.prediction import Predictor
from models.training.loop import fit

LINE = "00:00:00,200 --> 00:00:01,800"


@dataclass
class FixedRecogniser:
    """A recogniser that returns the same text for every clip."""

    text: str = "巴适得很"
    name: str = "recogniser"
    n_clips: int = 0
    detected: str | None = None

    @property
    def parameters(self):
        return {}

    def transcribe(self, clips, language):
        self.n_clips += len(clips)
        return [Recognition(self.text, language or self.detected, -0.1, 0.0, 1.0) for _ in clips]


def test_bad_files_are_reported_and_the_others_predicted(predictor, clip, tmp_path):
    (tmp_path / "bad.wav").write_text("junk")
    files = [clip("a.wav"), tmp_path / "bad.wav", tmp_path / "gone.wav", clip("b.wav", 1.0)]
    rows, outcome = predict_files(predictor, files)
    assert [row.path.name for row in rows] == ["a.wav", "b.wav"]
    assert [failure.item for failure in outcome.failures] == [str(one) for one in files[1:3]]
    assert (outcome.items_in, outcome.kept, outcome.failed) == (4, 2, 2)
    for row in outcome.details["files"]:
        assert sum(row["clips"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_batching_changes_nothing_and_together_normalises_by_speaker(predictor, clip):
    files = [clip(f"{number}.wav", 1.0, number) for number in range(5)]
    apart, outcome = predict_files(predictor, files)
    alone, _ = predict_files(predictor, files[2:3])
    np.testing.assert_allclose(
        apart[2].segments[0].probabilities, alone[0].segments[0].probabilities, atol=1e-4
    )
    assert {row.normalisation.case for row in apart} == {"none"}
    assert any("--together" in warning for warning in outcome.warnings)
    joined, outcome = predict_files(predictor, files, together="folder")
    assert {row.normalisation.case for row in joined} == {"many"}
    assert not any("--together" in warning for warning in outcome.warnings)
    assert joined[2].segments != apart[2].segments


@pytest.mark.parametrize(("together", "one"), [("file", False), ("folder", True), ("all", True)])
def test_one_voice_is_assumed_only_with_together(predictor, clip, monkeypatch, together, one):
    original, seen = Predictor.predict_examples, []

    def watched(self, examples):
        seen.extend(example.single_speaker for example in examples)
        return original(self, examples)

    monkeypatch.setattr(Predictor, "predict_examples", watched)
    predict_files(predictor, [clip("a.wav"), clip("b.wav", 1.0)], together=together)
    assert seen == [one, one]


def test_subtitles_take_precedence_over_the_recogniser(predictor, clip):
    files = [clip("a.wav"), clip("b.wav")]
    files[0].with_suffix(".srt").write_text(f"1\n{LINE}\n莫得\n", encoding="utf-8")
    recogniser = FixedRecogniser()
    rows, outcome = predict_files(
        predictor, files, transcriber=SegmentTranscriber(recogniser, Flagger(), "zh")
    )
    assert [row.segments[0].text for row in rows] == ["莫得", "巴适得很"]
    assert recogniser.n_clips == 1
    assert not any("no text" in warning for warning in outcome.warnings)
    _, outcome = predict_files(predictor, files)
    assert any("1 of 2 clips has no text and is" in warning for warning in outcome.warnings)


def test_hallucinated_text_is_discarded(predictor, clip):
    transcriber = SegmentTranscriber(FixedRecogniser("字幕由Amara.org社区提供"), Flagger(), "zh")
    rows, _ = predict_files(predictor, [clip("a.wav")], transcriber=transcriber)
    assert rows[0].segments[0].text == ""


def test_without_the_recogniser_sound_is_still_predicted(predictor, clip, monkeypatch):
    def missing(_):
        raise DataError("no model of that name")

    monkeypatch.setattr(
        "corpus_tools.transcription.transcribe.find_recogniser", lambda name: missing
    )
    outcome = predict_all(predictor, [str(clip("a.wav"))], None, transcribe=True)
    assert "no model of that name" in outcome.failures[0].reason
    assert outcome.details["files"][0]["clips"][0]["emotion"] in EMOTIONS


@pytest.mark.parametrize(
    ("corpus", "detected", "met"),
    [
        ("fr", None, "French (fr)"),
        ("pl", "fr", "French (fr)"),
        ("pl", "pl", None),
        ("pl", None, None),
    ],
)
def test_files_in_a_language_that_the_model_has_never_met_are_warned_of(
    predictor, clip, tmp_path, monkeypatch, corpus, detected, met
):
    workspace = Workspace.create(tmp_path / "corpus", "test", corpus)
    polish = replace(predictor, model=replace(predictor.model, language="pl"))
    monkeypatch.setattr(
        "corpus_tools.prediction.predict.configured_transcriber",
        lambda *_: SegmentTranscriber(FixedRecogniser(detected=detected), Flagger(), None),
    )
    outcome = predict_all(polish, [str(clip("a.wav"))], workspace, transcribe=detected is not None)
    expected = (
        f"trained on Polish (pl) and has never met {met}: its probabilities there mean little"
    )
    assert [expected in one for one in outcome.warnings if "trained on" in one] == [True] * bool(
        met
    )
    assert outcome.details["trained_language"] == "pl"
    unknown = predict_all(predictor, [str(clip("a.wav"))], workspace)
    assert not any("trained on" in one for one in unknown.warnings)
    assert "trained_language" not in unknown.details


def test_a_long_file_becomes_a_timeline(predictor, make_scene, make_media, tmp_path):
    film = make_media(tmp_path / "film 巴.wav", make_scene([(3.5, 0.8)] * 4))
    outcome = predict_all(predictor, [str(film)], None)
    (row,) = outcome.details["files"]
    times = [(one["start"], one["end"]) for one in row["clips"]]
    assert len(times) > 2
    assert times == sorted(times)
    write_predictions(tmp_path / "out", outcome.details["files"], "tiny")
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {
        "predictions.json", "predictions.csv", "report.html", "timelines"
    }  # fmt: skip
    assert {path.name for path in (out / "timelines").iterdir()} == {
        "film_巴_wav.csv", "film_巴_wav.json", "film_巴_wav.png"
    }  # fmt: skip
    table = list(csv.DictReader((out / "timelines" / "film_巴_wav.csv").open(encoding="utf-8")))
    assert [float(one["start"]) for one in table] == [one[0] for one in times]
    assert json.loads((out / "predictions.json").read_text())["files"] == [row]


def test_the_clips_of_a_version_are_predicted_with_their_labels(predictor, version, tmp_path):
    _, outcome = predict_version(predictor, version)
    rows = outcome.details["files"]
    clips = [row["clips"][0] for row in rows]
    assert [one["label"] for one in clips] == list(EMOTIONS)
    assert [row["normalisation_case"] for row in rows] == ["many"] * 5 + ["none"]
    assert rows[0]["file"].endswith(f"{clips[0]['clip_id']}.wav")
    write_predictions(tmp_path / "out", rows, "tiny")
    assert len(list(csv.DictReader((tmp_path / "out" / "predictions.csv").open()))) == 6
    assert (tmp_path / "out" / "timelines" / "film.png").read_bytes().startswith(b"\x89PNG")


def test_predictions_replace_only_predictions_and_only_with_force(predictor, clip, tmp_path):
    rows = predict_files(predictor, [clip("a.wav")])[1].details["files"]
    out = tmp_path / "out"
    write_predictions(out, rows, "tiny")
    with pytest.raises(ConfigurationError, match="--force"):
        write_predictions(out, rows, "tiny")
    write_predictions(out, [], "tiny", force=True)
    assert json.loads((out / "predictions.json").read_text())["files"] == []
    with pytest.raises(ConfigurationError, match="something else"):
        write_predictions(tmp_path, rows, "tiny", force=True)
    assert (tmp_path / "a.wav").is_file()


def test_hostile_file_names_stay_in_the_folder(tmp_path):
    clip = {"start": 0.0, "end": 1.0, "text": "", "emotion": "sad",
            "probabilities": dict.fromkeys(EMOTIONS, 1 / 6)}  # fmt: skip
    names = ["../../x", "..", "a/b", "A/B", "$\\frac{\udcff"]
    rows = [
        {"file": name.encode("utf-8", "backslashreplace").decode(), "clips": [clip, clip]}
        for name in names
    ]
    write_predictions(tmp_path / "out", rows, "tiny")
    made = list((tmp_path / "out" / "timelines").iterdir())
    assert len(made) == 3 * len(names)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_the_command_takes_files_folders_and_versions(run, version, clip, monkeypatch, tmp_path):
    clip("some/a.wav")
    clip("some/b.wav", 1.0)
    monkeypatch.chdir(version.parent.parent)
    out = tmp_path / "out"
    args = ["predict", "v1", str(tmp_path / "some"), "--run", str(run), "--out", str(out), "--json"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["counts"]["kept"] == 8
    assert len(document["files"]) == 8
    assert len(list(csv.DictReader((out / "predictions.csv").open()))) == 8
    again = CliRunner().invoke(app, args)
    assert again.exit_code == 2
    assert "--force" in again.output


def test_outside_a_corpus_a_version_is_refused_and_a_file_predicted(
    run, clip, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    path = clip("a.wav")
    assert CliRunner().invoke(app, ["predict", str(path), "--run", str(run)]).exit_code == 0
    result = CliRunner().invoke(app, ["predict", "v1", "--run", str(run)])
    assert result.exit_code == 2
    assert "--corpus" in result.output


@pytest.mark.parametrize(
    ("samples", "reason", "sentence"),
    [
        (np.full(32, 0.5), "too_short", "lasts 2 ms, too short for an emotion (at least 0.1 s)"),
        (np.full(1, 0.5), "too_short", "lasts 0.062 ms, too short for an emotion"),
        (np.zeros(32_000), "no_speech", "no speech found"),
        (np.random.default_rng(0).normal(0, 1e-4, 32_000), "no_speech", "no speech found"),
        (np.zeros(160_000), "no_speech", "no speech found"),
    ],
)
def test_nothing_has_no_emotion(predictor, clip, tmp_path, samples, reason, sentence):
    path = tmp_path / "nothing.wav"
    soundfile.write(path, samples, 16_000)
    outcome = predict_all(predictor, [str(path), str(clip("a.wav"))], None)
    assert outcome.ok
    assert (outcome.items_in, outcome.kept, dict(outcome.rejected)) == (2, 1, {reason: 1})
    nothing, spoken = outcome.details["files"]
    assert (nothing["clips"], nothing["reason"]) == ([], reason)
    assert (len(spoken["clips"]), spoken["reason"]) == (1, None)
    assert any(one.startswith(f"{path}: {sentence}") for one in outcome.warnings)


def test_the_predictor_refuses_nothing_from_python_too(predictor):
    with pytest.raises(ValueError, match=r"a clip must last 0\.1 s to have an emotion"):
        predictor.predict([np.full(32, 0.5)])
    with pytest.raises(ValueError, match="a clip is silent, so it has no emotion"):
        predictor.predict([np.zeros(16_000)])


@pytest.fixture(scope="module")
def reader():
    """A model that uses texts only."""
    settings = TrainSettings(
        epochs=1, batch_size=12, threads=1, device="cpu", modality="text", words={"size": 8}
    )
    nothing = np.zeros((1, 1), dtype=np.float32)
    examples = [
        Example(str(row), nothing, ("巴适", "莫得"), f"s{row % 3}", row % 6) for row in range(12)
    ]
    return Predictor(fit(examples, [], settings).model)


def test_a_model_of_texts_gives_no_emotion_without_text(reader, clip):
    with_text, without = clip("a.wav"), clip("b.wav")
    with_text.with_suffix(".srt").write_text(f"1\n{LINE}\n莫得\n", encoding="utf-8")
    files, outcome = predict_files(reader, [with_text, without])
    assert [len(file.segments) for file in files] == [1, 0]
    assert (outcome.kept, dict(outcome.rejected)) == (1, {"no_text": 1})
    assert (
        "1 clip has no text and no prediction, as this model uses texts only; put subtitles "
        "beside the files, or transcribe them with --transcribe"
    ) in outcome.warnings
    _, outcome = predict_files(reader, [without])
    assert not outcome.ok
    assert "no text and no prediction" in outcome.failures[0].reason


def test_a_model_of_texts_skips_the_clips_of_a_version_without_text(reader, version):
    manifest = version / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    for row in rows[:2]:
        row["text"] = ""
    write_jsonl(manifest, rows)
    header = json.loads((version / "manifest.json").read_text())
    sha256 = sha256_file(manifest)
    header |= {"files": {"manifest.jsonl": sha256}, "digest": content_digest(sha256, {})}
    write_text(version / "manifest.json", canonical_json(header))
    files, outcome = predict_version(reader, version)
    assert len(files) == 4
    assert (outcome.kept, dict(outcome.rejected)) == (4, {"no_text": 2})
    assert any(one.startswith("2 clips have no text and no prediction") for one in outcome.warnings)


def test_an_mp3_that_announces_too_little_is_cut_like_any_long_file(
    predictor, make_scene, make_media, tmp_path
):
    path = make_media(tmp_path / "a.mp3", make_scene([(3.5, 0.8)] * 4))
    data = path.read_bytes()
    frames = data.index(b"Xing" if b"Xing" in data else b"Info") + 8
    path.write_bytes(data[:frames] + (30).to_bytes(4, "big") + data[frames + 4 :])
    assert probe(path).tracks[0].duration < 5
    outcome = predict_all(predictor, [str(path)], None)
    assert len(outcome.details["files"][0]["clips"]) > 2


def test_the_track_in_the_language_and_the_named_channel_are_predicted(
    predictor, make_scene, make_media, tmp_path
):
    voice = make_scene([(1.5, 0.3)])
    path = make_media(tmp_path / "a.wav", np.stack([voice, 0 * voice]), layout="stereo")
    _, outcome = predict_files(predictor, [path], choice=SoundChoice(channel="right"))
    assert outcome.details["files"][0]["reason"] == "no_speech"
    _, outcome = predict_files(predictor, [path], choice=SoundChoice(channel="left"))
    assert outcome.details["files"][0]["clips"]
    two = make_media(tmp_path / "b.mkv", voice, tracks=2, default=1)
    _, outcome = predict_files(predictor, [two])
    assert outcome.warnings[0].startswith(f"{two}: of its 2 audio tracks (0; 1 (default)) number 1")
    _, outcome = predict_files(predictor, [two], choice=SoundChoice(track=0))
    assert not any("audio tracks" in warning for warning in outcome.warnings)
