import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.segmentation.ledger.ledger import ledger_of, outside_from_ledger
from corpus_tools.segmentation.screening.rules import drama_rules, recording_rules, screen_clips
from manifests.storage.records import LedgerEntry
from tests.factories import make_clip


def clip(name="a-00000000-00003500", ms=3500, **measures):
    measures = {"snr_db": 30.0, "speech_ratio": 0.8, **measures}
    return make_clip("a", 0, ms / 1000, clip_id=name, **measures)


@pytest.mark.parametrize(
    ("measures", "reasons"),
    [
        ({}, []),
        ({"rms_db": -60}, ["too_quiet"]),
        ({"clipping": 0.02}, ["clipped"]),
        ({"dropouts": 1}, ["dropouts"]),
        ({"music": 0.6}, ["music"]),
        ({"music": 0.4}, []),
        ({"snr_db": 3}, ["low_snr"]),
        ({"snr_db": None}, []),
        ({"speech_ratio": 0.05}, ["little_speech"]),  # a click or a cough
        ({"speech_ratio": 0.13}, []),  # 有啊 of 0.45 s
        (
            {"speech_ratio": 0.05, "rms_db": -60, "snr_db": 0, "music": 1, "dropouts": 2},
            ["too_quiet", "dropouts", "music", "low_snr", "little_speech"],
        ),
    ],
)
def test_each_measure_has_its_reason(measures, reasons):
    (decision,) = screen_clips([clip(**measures)], drama_rules(ScreenSettings()))
    assert (decision.accepted, decision.reasons) == (not reasons, reasons)


def test_length_of_recordings_is_unlimited_unless_configured():
    one = [clip(ms=1200, speech_ratio=0.1), clip(ms=9000)]
    screen, segment = ScreenSettings(), SegmentSettings()
    kept = screen_clips(one, recording_rules(screen, segment, RecordingSettings()))
    assert [decision.accepted for decision in kept] == [True, True]
    rules = recording_rules(screen, segment, RecordingSettings(length="drop"))
    assert [decision.reasons for decision in screen_clips(one, rules)] == [
        ["too_short"],
        ["too_long"],
    ]


def test_recordings_may_have_no_music_or_dropouts():
    rules = recording_rules(ScreenSettings(max_music=0.2), SegmentSettings(), RecordingSettings())
    decisions = screen_clips([clip(music=0.3), clip(music=0.1), clip(dropouts=1)], rules)
    assert [decision.reasons for decision in decisions] == [["music"], [], ["dropouts"]]


@given(
    st.lists(st.tuples(st.integers(1, 100_000), st.floats(-80, 0), st.floats(0, 50))),
    st.integers(0, 10**8),
    st.integers(0, 10**8),
)
def test_the_ledger_adds_up_whatever_is_decided(clips, silence, left_over):
    made = [
        clip(f"a-{number}", ms, rms_db=rms, snr_db=snr)
        for number, (ms, rms, snr) in enumerate(clips)
    ]
    outside_ms = {"silence": silence, "speech_left_over": left_over, "gap": 0}
    decisions = screen_clips(made, drama_rules(ScreenSettings()))
    ledger = ledger_of("a", made, decisions, outside_ms)
    total = sum(round(entry.seconds * 1000) for entry in ledger)
    assert total == sum(ms for ms, _, _ in clips) + silence + left_over
    assert outside_from_ledger(ledger) == {key: ms for key, ms in outside_ms.items() if ms}
    assert [entry.reason for entry in ledger] == sorted(entry.reason for entry in ledger)
    assert all(isinstance(entry, LedgerEntry) for entry in ledger)
