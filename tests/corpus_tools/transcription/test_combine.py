import json

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.transcription.combine import _voters, combine_transcripts
from corpus_tools.transcription.store import put_transcripts, read_transcripts
from manifests.base.errors import ConfigurationError
from manifests.building.selection import best_transcripts
from manifests.storage.records import Transcript
from manifests.storage.sections import TextSettings
from manifests.storage.shards import STAGES

FIRST, SECOND, THIRD = (
    f"drama-{span}" for span in ("00000000-00003000", "00003000-00007000", "00008000-00012000")
)


def put(workspace, source, model, texts, flags=()):
    records = [
        Transcript(
            clip_id=clip_id,
            text="" if flags else text,
            text_raw=text,
            source=source,
            model=model,
            flags=list(flags),
        )
        for clip_id, text in texts.items()
    ]
    origin = source if model is None else f"{source}:{model}"
    put_transcripts(workspace.root, "drama", origin, records, {"texts": [*texts.values(), *flags]})


@pytest.fixture
def several(workspace):
    """Three texts of one clip, two of another, one of the third."""
    put(workspace, "subtitle", None, {FIRST: "今天巴适得很！", SECOND: "他在走"})
    put(workspace, "whisper", "base", {FIRST: "今天八四得很", SECOND: "他再走"})
    put(workspace, "ocr", None, {FIRST: "今天巴适得很", THIRD: "莫得"})
    return workspace


def combined(workspace):
    return {
        text.clip_id: (text.text, text.confidence)
        for text in read_transcripts(workspace.root, "drama")
        if text.source == "combined"
    }


def test_clips_with_several_texts_get_their_vote(several):
    outcome = combine_transcripts(several)
    assert {clip_id: text for clip_id, (text, _) in combined(several).items()} == {
        FIRST: "今天巴适得很！",
        SECOND: "他在走",
    }
    assert combined(several)[FIRST][1] == pytest.approx((4 + 2 * 2 / 3) / 6, abs=0.04)
    assert combined(several)[SECOND][1] == pytest.approx((2 + 0.75) / 3, abs=0.01)
    assert (outcome.items_in, outcome.kept, dict(outcome.rejected)) == (4, 2, {"one_text": 2})
    assert outcome.details["changed"] == 1
    assert outcome.warnings == []
    chosen = best_transcripts(several.root, TextSettings().order)
    assert chosen[FIRST].source == "combined"
    assert chosen[THIRD].source == "ocr"


@pytest.mark.parametrize(
    ("flags", "share"), [(["laughter", "music"], 1.0), (["music", "straddles"], 0.5), ([], 1.0)]
)
def test_a_sound_is_no_doubt_about_a_text(flags, share):
    record = Transcript(clip_id=FIRST, text="走", text_raw="走", source="subtitle", flags=flags)
    ((voter,),) = _voters([record], ["subtitle"], "zh").values()
    assert voter.share == share


def test_a_second_run_changes_nothing_and_new_texts_are_voted_on(several):
    combine_transcripts(several)
    path = STAGES["transcripts"].path(several.root, "drama")
    before = path.read_bytes()
    assert combine_transcripts(several).details["changed"] == 0
    assert path.read_bytes() == before
    put(several, "recogniser", "other", {SECOND: "他再走", THIRD: "没得"})
    assert combine_transcripts(several).details["changed"] == 1
    assert combined(several)[SECOND][0] == "他再走"
    assert combined(several)[THIRD][0] == "莫得"


def test_texts_that_guards_emptied_weigh_less_and_alone_are_no_text(several):
    put(
        several, "recogniser", "a", {SECOND: "谢谢观看", THIRD: "谢谢观看"}, ["known_hallucination"]
    )
    put(several, "recogniser", "b", {SECOND: "谢谢观看"}, ["known_hallucination"])
    put(several, "ocr", None, {})
    put(several, "import", "c", {THIRD: "谢谢观看"}, ["known_hallucination"])
    outcome = combine_transcripts(several)
    assert outcome.rejected == {"one_text": 1, "emptied": 1}
    assert combined(several)[SECOND][0] == "他在走"
    assert THIRD not in combined(several)


def test_sources_that_are_not_in_the_order_of_texts_have_no_vote(several):
    toml = several.root / "corpus.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8") + '\n[text]\norder = ["ocr", "whisper"]\n',
        encoding="utf-8",
    )
    outcome = combine_transcripts(type(several).find(several.root))
    assert set(combined(several)) == {FIRST}
    assert outcome.details["errors"] == {}  # two texts outvote nobody


def test_a_damaged_shard_is_a_failure_and_nothing_to_vote_on_a_warning(workspace):
    outcome = combine_transcripts(workspace)
    assert (outcome.kept, outcome.rejected) == (0, {"one_text": 1})
    assert (
        "no clip has two texts to combine; add some with corpus transcribe" in outcome.warnings[0]
    )
    STAGES["transcripts"].path(workspace.root, "script").write_text("{", encoding="utf-8")
    assert [failure.item for failure in combine_transcripts(workspace).failures] == ["script"]


def test_the_command_prints_rates_and_counts(several):
    arguments = ["combine-transcripts", "--corpus", str(several.root)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "whisper:base: outvoted in 21% of its characters or words" in result.stdout
    assert "combined: text for 2 of 4 clips, 0 unanimous, 0 below 0.7" in result.stdout
    printed = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert printed["counts"]["kept"] == 2
    assert printed["changed"] == 0


def test_no_rate_is_printed_where_nobody_can_be_outvoted(several):
    put(several, "ocr", None, {THIRD: "莫得"})
    arguments = ["combine-transcripts", "--corpus", str(several.root)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "outvoted" not in result.stdout
    assert "combined: text for 2 of 4 clips" in result.stdout


def test_doubtful_texts_come_first_to_annotators(several):
    from corpus_tools.assembly.task_batches import BatchOptions, export_batch

    options = BatchOptions(order="doubt", context=False)
    with pytest.raises(ConfigurationError, match="run: corpus combine-transcripts"):
        export_batch(several, options)
    put(several, "whisper", "base", {FIRST: "我不晓得", SECOND: "他再走"})
    combine_transcripts(several)
    export_batch(several, options)
    (path,) = (several.root / "annotations" / "tasks").glob("batch-*.json")
    order = [task["data"]["clip_id"] for task in json.loads(path.read_text(encoding="utf-8"))]
    assert order[:2] == [FIRST, SECOND]
    assert order[2].startswith("script-")
