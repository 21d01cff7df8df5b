import pytest

from manifests.audit.class_losses import class_losses
from manifests.storage.records import Label, Screen


def losses(reason, **clips):
    """Return the losses where each class has so many rejected clips of so many."""
    screens, labels = [], []
    for name, (lost, total) in clips.items():
        for number in range(total):
            clip_id = f"{name}-{number}"
            reasons = [reason] if number < lost else []
            screens.append(Screen(clip_id=clip_id, accepted=not reasons, reasons=reasons))
            emotion = None if name == "unclear" else name
            labels.append(Label(clip_id=clip_id, emotion=emotion, votes=[]))
    return class_losses(screens, labels)


def test_shouts_that_clip_are_a_loss_of_their_class():
    found = losses("clipped", angry=(5, 72), sad=(1, 72), neutral=(0, 70))
    assert found.table() == (
        "| rejected | angry | neutral | sad |\n| :--- | ---: | ---: | ---: |\n"
        "| clipped | 5 (6.9%) | 0 | 1 (1.4%) |\n| **any** | 5 (6.9%) | 0 | 1 (1.4%) |\n"
        "| **clips with this class** | 72 | 70 | 72 |"
    )
    assert list(found.sentences()) == [
        "clipped rejects 5 of 72 clips of angry (6.9%), but 1 of 142 of the other classes (0.7%); "
        "keep good ones in corpus review, or set another threshold: corpus screen"
    ]


@pytest.mark.parametrize(
    ("reason", "clips", "named"),
    [
        ("too_quiet", {"sad": (9, 30), "angry": (1, 40), "happy": (0, 40)}, ["sad"]),
        ("low_snr", {"sad": (10, 30), "fear": (10, 30), "angry": (1, 60)}, ["sad", "fear"]),
        ("clipped", {"angry": (4, 8), "sad": (0, 80)}, []),  # too few to tell
        ("music", {"angry": (7, 50), "sad": (8, 90), "happy": (5, 60)}, []),  # less than twice
        ("clipped", {"angry": (9, 9), "unclear": (0, 90)}, []),  # no other class
    ],
)
def test_a_class_is_named_if_it_loses_twice_as_much_and_five_clips(reason, clips, named):
    sentences = list(losses(reason, **clips).sentences())
    assert len(sentences) == len(named)
    for name, sentence in zip(named, sentences, strict=True):
        assert f"{reason} rejects {clips[name][0]} of {clips[name][1]} clips of {name}" in sentence


@pytest.mark.parametrize(
    "found",
    [
        losses("clipped", unclear=(9, 9)),
        losses("clipped", angry=(0, 9), sad=(0, 9)),
        losses("superseded", angry=(6, 9), sad=(0, 9)),
        class_losses([Screen(clip_id="a", accepted=False, reasons=["clipped"])], []),
    ],
)
def test_without_rejected_clips_of_a_class_nothing_is_said(found):
    assert found is None
