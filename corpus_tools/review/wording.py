"""Reasons and measures in words that need no manual."""

from collections.abc import Mapping
from typing import Any

from manifests.records import Clip

__all__ = ["label_of", "measures_of", "sentence_of"]


def label_of(reason: str) -> str:
    """Return a reason of the screen or the ledger in two or three words.

    Example:
        >>> label_of("low_snr"), label_of("some_new_reason")
        ('noisy', 'some new reason')
    """
    return _LABELS.get(reason, reason.replace("_", " "))


def sentence_of(reason: str, clip: Clip, rules: Mapping[str, Any]) -> str:
    """Return why a clip was decided on as it was, with its figure and the one that was wanted.

    Args:
        reason: as in the record.
        clip: what was measured.
        rules: thresholds by name.
    """
    sentence = _SENTENCES.get(reason)
    if sentence is None:
        return label_of(reason)
    try:
        return sentence.format_map({**rules, **clip.row()})
    except (KeyError, ValueError, TypeError):
        return label_of(reason)


def measures_of(clip: Clip) -> list[tuple[str, str]]:
    """Return the name and value of each measure that the clip has."""
    row = clip.row()
    return [
        (name, form.format(row[field]))
        for field, (name, form) in _MEASURES.items()
        if row.get(field) is not None and (field, row[field]) != ("dropouts", 0)
    ]


_LABELS = {
    "low_snr": "noisy",
    "little_speech": "little speech",
    "speech_left_over": "speech in no clip",
    "no_speech": "sound without speech",
    "gap": "nothing in the file",
    "duplicate": "repeat",
    "superseded": "cut anew",
    "human_keep": "kept by a person",
    "human_drop": "dropped by a person",
    "region_drop": "dropped stretch",
    "not_chosen": "outside the chosen stretches",
}

_SENTENCES = {
    "superseded": "cut again since, as {superseded_by}",
    "too_quiet": "too quiet: {rms_db:.0f} dBFS, {min_rms_db:.0f} wanted",
    "clipped": "clipped: {clipping:.1%} of the samples at the peak, {max_clipping:.1%} allowed",
    "low_snr": "noisy: speech {snr_db:.1f} dB over the background, {min_snr_db:.0f} dB wanted",
    "little_speech": "little speech: {speech_ratio:.0%}, {min_speech_ratio:.0%} wanted",
    "music": "music: {music:.2f}, {max_music:.2f} allowed",
    "dropouts": "dropouts: {dropouts}, {max_dropouts} allowed",
    "duplicate": "repeat of {duplicate_of:s}",
    "too_short": "too short: {duration:.2f} s, {min_seconds:.1f} s wanted",
    "too_long": "too long: {duration:.2f} s, {max_seconds:.1f} s allowed",
}

_MEASURES = {
    "snr_db": ("over background", "{:.1f} dB"),
    "music": ("music", "{:.2f}"),
    "clipping": ("clipping", "{:.2%}"),
    "dropouts": ("dropouts", "{}"),
    "speech_ratio": ("speech", "{:.0%}"),
    "rms_db": ("level", "{:.0f} dBFS"),
}
