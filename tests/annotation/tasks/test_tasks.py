import json
from urllib.parse import parse_qs, urlsplit

import pytest
from label_studio_sdk.label_interface import LabelInterface

from annotation.batches.batches import tasked_clips
from annotation.scheme.label_config import template
from annotation.scheme.settings import TASK_KEYS, AnnotationSettings
from annotation.tasks.assignment import Panel
from annotation.tasks.export import export_tasks
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.records import Screen, Transcript
from manifests.storage.sections import TextSettings
from manifests.storage.shards import STAGES, read_shard, shard_paths, write_shard


def exported(outcome):
    return [task["data"] for task in json.loads(outcome.outputs[0].read_text(encoding="utf-8"))]


def test_tasks_have_exactly_the_documented_keys(corpus):
    outcome = export_tasks(corpus.root)
    tasks = exported(outcome)
    assert all(tuple(sorted(task)) == tuple(sorted(TASK_KEYS)) for task in tasks)
    assert sorted(task["clip_id"] for task in tasks) == corpus.ids()
    first = next(task for task in tasks if task["clip_id"] == corpus.ids()[0])
    assert first["asr_text"] == "今天巴适 0"
    assert first["asr_flags"] == "repeated text, too fast"
    assert first["batch"] == "batch-0001"
    assert (first["context"], first["votes"], first["cast"]) == ("", "", [])
    assert outcome.outputs[1].read_text(encoding="utf-8") == template()
    assert LabelInterface(template()).validate_task({"data": first})


def test_no_sound_is_shown_to_annotators(corpus):
    for path in shard_paths(corpus.root, STAGES["transcripts"]):
        records = [
            record.changed(flags=["crying", "laughter", "music", *record.flags, "other_language"])
            for record in read_shard(path, Transcript)
        ]
        write_shard(corpus.root, STAGES["transcripts"], path.stem, records, {"n": 1})
    tasks = exported(export_tasks(corpus.root))
    assert {task["asr_flags"] for task in tasks if task["asr_text"]} == {
        "repeated text, too fast, other language",
        "other language",
    }
    assert not {"crying", "laughter", "music"} & {*json.dumps(tasks).split()}


def test_audio_address_survives_chinese_and_spaces(corpus):
    for task in exported(export_tasks(corpus.root)):
        parts = urlsplit(task["audio"])
        assert parts.path == "/data/local-files/"
        assert task["audio"].isascii()
        assert (corpus.root / parse_qs(parts.query)["d"][0]).is_file()


def test_audio_below_a_base_address(corpus):
    tasks = exported(export_tasks(corpus.root, audio_base_url="https://lab.example/audio/"))
    assert all(task["audio"].startswith("https://lab.example/audio/%E5%89%A7%20") for task in tasks)


@pytest.mark.parametrize("url", ["ftp://x/", "lab.example", "http://", "http://u:p@x/", "http://["])
def test_bad_base_address_is_refused(corpus, url):
    with pytest.raises(ConfigurationError, match="--audio-base-url"):
        export_tasks(corpus.root, audio_base_url=url)


def test_order_depends_on_the_seed_alone_and_not_on_time(corpus):
    def order(name, seed):
        outcome = export_tasks(corpus.root, batch=name, seed=seed)
        clips = [task["clip_id"] for task in exported(outcome)]
        outcome.outputs[0].unlink()
        return clips

    assert order("a", 1) == order("b", 1) != order("c", 2)
    assert order("a", 1) != sorted(corpus.ids())


def test_batches_share_no_clip_and_are_never_overwritten(corpus):
    first = export_tasks(corpus.root, limit=4)
    second = export_tasks(corpus.root)
    assert (first.kept, first.rejected) == (4, {"over the limit": 6})
    assert (second.details["batch"], second.kept) == ("batch-0002", 6)
    assert second.rejected == {"in an earlier batch": 4}
    assert sorted(tasked_clips(corpus.root)) == corpus.ids()
    before = first.outputs[0].read_bytes()
    with pytest.raises(ConfigurationError, match="never overwritten"):
        export_tasks(corpus.root, batch="batch-0001", limit=3)
    assert first.outputs[0].read_bytes() == before


TWO = Panel(["a01", "a02"], per_clip=2)


def files_of(corpus):
    """Return inode and content of each file of the tasks."""
    paths = (corpus.root / "annotations/tasks").rglob("*.*")
    return {path: (path.stat().st_ino, path.read_bytes()) for path in paths if path.is_file()}


@pytest.mark.parametrize("panel", [None, TWO], ids=["one list", "a list each"])
def test_the_same_command_again_finds_its_batch(corpus, panel):
    first = export_tasks(corpus.root, batch="b", limit=4, seed=3, panel=panel)
    export_tasks(corpus.root, limit=2, seed=4)
    before = files_of(corpus)
    again = export_tasks(corpus.root, batch="b", limit=4, seed=3, panel=panel)
    assert again.ok
    assert again.warnings == [
        "batch 'b' was exported before, with the same tasks; it stays as it is"
    ]
    assert (again.outputs, again.kept, again.details) == (first.outputs, 4, first.details)
    after = files_of(corpus)
    screen = corpus.root / "annotations/tasks/label_config.xml"
    assert after.pop(screen)[1] == before.pop(screen)[1]
    assert after == before


@pytest.mark.parametrize(
    ("panel", "other"),
    [
        (None, {"seed": 5}),
        (None, {"limit": 3}),
        (None, {"panel": TWO}),
        (None, {"audio_base_url": "https://lab.example/audio/"}),
        (None, {"text": TextSettings(order=["script"])}),
        (TWO, {"panel": None}),
        (TWO, {"panel": Panel(["a01", "a03"], per_clip=2)}),
        (TWO, {"panel": Panel(["a01", "a02"], per_clip=1)}),
        (TWO, {"seed": 5}),
    ],
)
def test_another_batch_of_the_same_name_is_refused(corpus, panel, other):
    export_tasks(corpus.root, batch="b", limit=4, panel=panel)
    before = files_of(corpus)
    with pytest.raises(
        ConfigurationError,
        match=r"^batch 'b' was exported before, with other tasks than this command gives now, and "
        r"is never overwritten; choose another --batch$",
    ):
        export_tasks(corpus.root, **{"batch": "b", "limit": 4, "panel": panel} | other)
    assert files_of(corpus) == before


def test_nothing_new_is_a_warning(corpus):
    export_tasks(corpus.root)
    again = export_tasks(corpus.root)
    assert again.ok
    assert not again.outputs
    assert "nothing was written" in again.warnings[0]


def test_only_eligible_clips_are_exported(corpus, new_clip):
    original = corpus.ids()[0]
    extra = [
        new_clip(20, duplicate_of=original),
        new_clip(21, superseded_by=original),
        new_clip(22),
        new_clip(23),
        new_clip(24, duplicate_of=new_clip(22).clip_id),
    ]
    corpus.add(*extra)
    accepted = {new_clip(number).clip_id: False for number in (20, 22)}
    corpus.write(
        "screen",
        [
            Screen(clip_id=clip_id, accepted=accepted.get(clip_id, True))
            for clip_id in corpus.ids()
            if clip_id != new_clip(23).clip_id
        ],
    )
    outcome = export_tasks(corpus.root)
    assert outcome.kept == 11
    assert outcome.rejected == dict.fromkeys(
        ("duplicate", "superseded", "not accepted", "not screened"), 1
    )
    assert outcome.items_in == outcome.kept + outcome.rejected.total()


def test_missing_and_foreign_files_cost_one_clip_each(corpus, new_clip):
    (corpus.root / corpus.clips[3].path).unlink()
    corpus.clips[4] = new_clip(4, path="clips/../../secret.wav")
    corpus.write("segments", corpus.clips)
    outcome = export_tasks(corpus.root)
    assert outcome.kept == 8
    assert [failure.item for failure in outcome.failures] == [corpus.ids()[3], corpus.ids()[4]]


def test_links_that_lead_out_cost_one_clip_each(corpus, tmp_path):
    first, second, third = (corpus.root / clip.path for clip in corpus.clips[:3])
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    first.unlink()
    first.symlink_to(tmp_path / "secret.wav")
    second.unlink()
    second.symlink_to(third)
    outcome = export_tasks(corpus.root)
    assert outcome.kept == 9
    assert [failure.item for failure in outcome.failures] == [corpus.ids()[0]]
    assert "leaves the corpus folder" in outcome.failures[0].reason


def test_text_is_the_preferred_one_that_is_not_empty(corpus):
    clip_id = corpus.ids()[0]

    def transcript(source, text, model=None):
        return Transcript(clip_id=clip_id, text=text, text_raw=text, source=source, model=model)

    corpus.write(
        "transcripts",
        [transcript("whisper", "w", "tiny"), transcript("script", ""), transcript("subtitle", "s")],
    )
    task = next(t for t in exported(export_tasks(corpus.root)) if t["clip_id"] == clip_id)
    assert task["asr_text"] == "s"
    order = TextSettings(order=("whisper", "subtitle"))
    (corpus.root / "annotations/tasks/batch-0001.json").unlink()
    task = next(
        t for t in exported(export_tasks(corpus.root, text=order)) if t["clip_id"] == clip_id
    )
    assert task["asr_text"] == "w"


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "x" * 65, "a b"])
def test_batch_names_stay_in_their_folder(corpus, name):
    if not name:
        assert export_tasks(corpus.root, batch=name).details["batch"] == "batch-0001"
        return
    with pytest.raises(ConfigurationError, match="batch name"):
        export_tasks(corpus.root, batch=name)


def test_left_over_and_broken_task_files(corpus):
    export_tasks(corpus.root, limit=2)
    (corpus.root / "annotations/tasks/.dead.partial.json").write_text("[")
    assert len(tasked_clips(corpus.root)) == 2
    (corpus.root / "annotations/tasks/mine.json").write_text('[{"data": {"audio": "x"}}]')
    with pytest.raises(DataError, match=r"mine\.json: not a list of tasks"):
        export_tasks(corpus.root)


def test_limit_and_own_configuration_are_checked_before_anything_is_written(corpus):
    with pytest.raises(ConfigurationError, match="--limit 0"):
        export_tasks(corpus.root, limit=0)
    with pytest.raises(ConfigurationError, match="label_config"):
        export_tasks(corpus.root, annotation=AnnotationSettings(label_config="none.xml"))
    assert not (corpus.root / "annotations").exists()


def test_a_killed_export_leaves_no_batch_without_its_screen(corpus, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("annotation.tasks.export.write_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        export_tasks(corpus.root)
    assert [path.name for path in (corpus.root / "annotations" / "tasks").iterdir()] == [
        "label_config.xml"
    ]
