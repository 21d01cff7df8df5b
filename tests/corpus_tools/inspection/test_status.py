from corpus_tools.inspection.status import survey
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import LedgerEntry, Screen, Transcript
from manifests.storage.shards import STAGES, write_shard
from tests.factories import make_clip, make_source


def test_empty_corpus(tmp_path):
    found = survey(Workspace.create(tmp_path, "c"))
    assert found["sources"] == {}
    assert found["clips"]["cut"] == 0
    assert found["labels"]["angry"] == {"clips": 0, "target": 1002, "missing": 1002}


def test_counts_of_the_stages(tmp_path):
    workspace = Workspace.create(tmp_path, "c")
    source = make_source("s-1", series="a", duration=10.0)
    clips = [make_clip("s-1", 3 * n, 3 * n + 3, clip_id=f"s-1-{n}") for n in range(2)]
    screens = [
        Screen(clip_id="s-1-0", accepted=True),
        Screen(clip_id="s-1-1", accepted=False, reasons=["low_snr", "little_speech"]),
    ]
    ledger = [
        LedgerEntry(source_id="s-1", reason=reason, seconds=seconds)
        for reason, seconds in (("accepted", 3.0), ("low_snr", 3.0), ("silence", 4.0))
    ]
    texts = [
        Transcript(clip_id="s-1-0", text="要得", text_raw="要得", source="subtitle"),
        Transcript(clip_id="s-1-1", text="", text_raw="字幕", source="whisper", model="tiny"),
    ]
    for stage, records in (
        ("sources", [source]),
        ("segments", clips),
        ("screen", screens),
        ("ledger", ledger),
        ("transcripts", texts),
    ):
        write_shard(tmp_path, STAGES[stage], "s-1", records, {})
    found = survey(workspace)
    assert found["sources"] == {"drama": 1}
    assert found["clips"]["accepted"] == 1
    assert found["clips"]["rejected"] == {"low_snr": 1}
    assert found["texts"] == {"subtitle": 1}
    assert sum(found["ledger"].values()) == 10.0
