"""Display texts of reasons and measures."""

from collections.abc import Mapping
from typing import Any

from manifests.records import Clip

__all__ = ["measure_texts", "reason_label", "reason_sentence"]


def reason_label(reason: str) -> str:
    """Return the short label of a reason of the screen or the ledger.

    Example:
        >>> reason_label("low_snr"), reason_label("some_new_reason")
        ('noisy', 'some new reason')
    """
    return _LABELS.get(reason, reason.replace("_", " "))


def reason_sentence(reason: str, clip: Clip, rules: Mapping[str, Any]) -> str:
    """Return a screening reason with the measured value and the threshold.

    Args:
        reason: reason in the record.
        clip: clip with its measures.
        rules: thresholds by name.
    """
    sentence = _SENTENCES.get(reason)
    if sentence is None:
        return reason_label(reason)
    try:
        return sentence.format_map({**rules, **clip.row()})
    except (KeyError, ValueError, TypeError):
        return reason_label(reason)


def measure_texts(clip: Clip) -> list[tuple[str, str]]:
    """Return the name and value of each measure of the clip."""
    row = clip.row()
    return [
        (name, form.format(row[field]))
        for field, (name, form) in _MEASURES.items()
        if row.get(field) is not None and (field, row[field]) != ("dropouts", 0)
    ]


_LABELS = {
    "low_snr": "noisy",
    "little_speech": "little speech",
    "speech_left_over": "speech outside clips",
    "no_speech": "sound without speech",
    "gap": "gap in the file",
    "duplicate": "repeat",
    "superseded": "superseded",
    "human_keep": "kept by a person",
    "human_drop": "dropped by a person",
    "region_drop": "dropped region",
    "not_chosen": "outside the kept regions",
}

_SENTENCES = {
    "superseded": "superseded by {superseded_by}",
    "too_quiet": "too quiet: {rms_db:.0f} dBFS, at least {min_rms_db:.0f}",
    "clipped": "clipped: {clipping:.1%} of the samples at the peak, at most {max_clipping:.1%}",
    "low_snr": "noisy: speech {snr_db:.1f} dB above background, at least {min_snr_db:.0f} dB",
    "little_speech": "little speech: {speech_ratio:.0%}, at least {min_speech_ratio:.0%}",
    "music": "music: {music:.2f}, at most {max_music:.2f}",
    "dropouts": "dropouts: {dropouts}, at most {max_dropouts}",
    "duplicate": "repeat of {duplicate_of:s}",
    "too_short": "too short: {duration:.2f} s, at least {min_seconds:.1f} s",
    "too_long": "too long: {duration:.2f} s, at most {max_seconds:.1f} s",
}

_MEASURES = {
    "snr_db": ("above background", "{:.1f} dB"),
    "music": ("music", "{:.2f}"),
    "clipping": ("clipping", "{:.2%}"),
    "dropouts": ("dropouts", "{}"),
    "speech_ratio": ("speech", "{:.0%}"),
    "rms_db": ("level", "{:.0f} dBFS"),
}
