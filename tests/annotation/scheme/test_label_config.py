import re
from xml.etree import ElementTree

import pytest
from label_studio_sdk.label_interface import LabelInterface

from annotation.scheme.answers import read_answer
from annotation.scheme.label_config import check_label_config, label_config, template
from annotation.scheme.settings import CONTROLS, TASK_KEYS, AnnotationSettings
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError, DataError


def test_template_passes_label_studio_and_the_importer():
    check_label_config(template())
    assert set(CONTROLS).isdisjoint(TASK_KEYS)


def test_hotkeys_follow_class_order_and_seven_is_unclear():
    found = re.findall(r'<Choice value="(\w+)" html="[^"]+" hotkey="(\d)"/>', template())
    assert found == [(value, str(key)) for key, value in enumerate((*EMOTIONS, "unclear"), 1)]


def test_the_importer_reads_label_studios_result_of_the_template():
    interface = LabelInterface(template())
    for _ in range(20):
        annotation = interface.generate_sample_annotation()
        assert read_answer(annotation["result"]).ignored == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('value="fear" html="恐惧 fear" hotkey="2"', 'value="scared"', "'scared' isn't a value"),
        ('<Choice value="sad" html="悲伤 sad" hotkey="6"/>', "", "lacks the value 'sad'"),
        ('name="transcript"', 'name="asr_text"', "has the name of a task data key"),
        ('name="confidence"', 'name="intensity"', "control 'intensity' isn't imported"),
        ('maxRating="3"', 'maxRating="5"', 'needs maxRating="3"'),
        ('value="$audio"', 'value="$sound"', 'no Audio tag with value="$audio"'),
        ('value="$asr_flags"', 'value="$intended_emotion"', "isn't in the task data"),
        (
            'name="emotion2" toName="audio"',
            'name="emotion2" toName="sound"',
            "Label Studio refuses it",
        ),
        ("</View>", "", "not valid XML"),
        ("<View>", '<!DOCTYPE a [<!ENTITY b "c">]><View>', "DTDs"),
    ],
)
def test_configuration_that_would_lose_answers_is_refused(old, new, sentence):
    assert old in template()
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        check_label_config(template().replace(old, new, 1))


def test_alias_counts_as_the_exported_value():
    check_label_config(template().replace('value="angry" html', 'value="生气" alias="angry" html'))


def test_own_configuration_is_used_and_kept_inside_the_corpus(tmp_path):
    (tmp_path / "mine.xml").write_text(template().replace("把握", "自信"), encoding="utf-8")
    assert "自信" in label_config(tmp_path, AnnotationSettings(label_config="mine.xml"))
    with pytest.raises(ConfigurationError, match="not readable"):
        label_config(tmp_path, AnnotationSettings(label_config="none.xml"))
    with pytest.raises(DataError, match="refused"):
        label_config(tmp_path, AnnotationSettings(label_config="../mine.xml"))


def test_context_votes_and_cast_of_a_task_are_on_the_screen():
    root = ElementTree.fromstring(template())  # noqa: S314 - our own
    assert {tag.get("value"): tag.get("name") for tag in root.iter("Audio")} == {
        "$audio": "audio",
        "$context": "wider",
    }
    [panel] = [tag for tag in root.iter("Panel") if tag.find("Audio") is not None]
    assert panel.get("open") is None
    assert "$votes" in [tag.get("value") for tag in root.iter("Header")]
    [speaker] = [tag for tag in root.iter("Choices") if tag.get("name") == "speaker"]
    assert (speaker.get("value"), speaker.get("layout")) == ("$cast", "select")
    data = dict.fromkeys(TASK_KEYS, "") | {"audio": "x.wav", "cast": [{"value": "s1"}]}
    for cast in ([], data["cast"]):
        assert LabelInterface(template()).validate_task({"data": data | {"cast": cast}})
