import inspect

from corpus_tools.cli.segment import segment
from corpus_tools.configuration.segment import FLAGS, SegmentSettings
from corpus_tools.segmentation.ledger.update import describe_differences, earlier_flags


def inputs(voice="webrtcvad 2", subtitles=None, **settings):
    parameters = SegmentSettings(**settings).model_dump(mode="json")
    return {"parameters": parameters, "voice": voice, "subtitles": subtitles}


def test_settings_are_named_with_both_values():
    old, new = inputs(aggressiveness=3, max_seconds=4.0), inputs()
    assert (
        describe_differences(old, new) == "aggressiveness is 2, was 3; max_seconds is 5.0, was 4.0"
    )
    assert earlier_flags(old, new, FLAGS) == "--aggressiveness 3 --max-seconds 4.0"


def test_another_detector_is_reported_once():
    old, new = inputs("silero-vad 6", detector="silero"), inputs()
    assert describe_differences(old, new) == "detector is webrtc, was silero"
    assert earlier_flags(old, new, FLAGS) == "--detector silero"


def test_flags_are_given_only_if_they_restore_everything():
    assert earlier_flags(inputs(min_pause_seconds=0.2), inputs(), FLAGS) == ""
    assert earlier_flags(inputs(aggressiveness=3), inputs(subtitles="5f"), FLAGS) == ""
    assert earlier_flags(inputs("webrtcvad 1", aggressiveness=3), inputs(), FLAGS) == ""
    assert earlier_flags({}, inputs(), FLAGS) == ""


def test_every_flag_exists_in_the_command():
    assert set(FLAGS) <= inspect.signature(segment).parameters.keys()
    assert set(FLAGS) <= SegmentSettings.model_fields.keys()
