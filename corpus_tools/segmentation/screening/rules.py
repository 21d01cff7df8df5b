"""Screening rules: which clips are good enough to be labelled, by their measures."""

from collections.abc import Collection, Sequence

from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.segmentation.intake.selections import HUMAN_KEEP, Choices
from manifests.base.settings import Settings
from manifests.storage.records import Clip, Screen

__all__ = ["REASONS", "Rules", "drama_rules", "recording_rules", "reviewed_edges", "screen_clips"]

REASONS = (
    "superseded",
    "duplicate",
    "too_short",
    "too_long",
    "too_quiet",
    "clipped",
    "dropouts",
    "music",
    "low_snr",
    "little_speech",
)
"""Reasons to reject a clip; the ledger counts its seconds under the first that applies."""


class Rules(Settings):
    """Thresholds for the clips of a source; ``None`` for a rule that doesn't apply."""

    min_rms_db: float
    max_clipping: float
    max_dropouts: int
    max_music: float
    min_snr_db: float
    min_speech_ratio: float | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None

    def reasons_against(self, clip: Clip, suppressed: bool = False) -> list[str]:
        """Return the reasons to reject a clip, in the order of `REASONS`.

        Args:
            clip: record of the clip.
            suppressed: whether the clip is a suppressed repeat.
        """
        applies = {
            "superseded": clip.superseded_by is not None,
            "duplicate": suppressed,
            "too_short": self.min_seconds is not None and clip.duration < self.min_seconds,
            "too_long": self.max_seconds is not None and clip.duration > self.max_seconds,
            "too_quiet": clip.rms_db < self.min_rms_db,
            "clipped": clip.clipping > self.max_clipping,
            "dropouts": clip.dropouts > self.max_dropouts,
            "music": clip.music is not None and clip.music > self.max_music,
            "low_snr": clip.snr_db is not None and clip.snr_db < self.min_snr_db,
            "little_speech": self.min_speech_ratio is not None
            and clip.speech_ratio < self.min_speech_ratio,
        }
        return [reason for reason in REASONS if applies[reason]]


def drama_rules(screen: ScreenSettings) -> Rules:
    """Return the rules for clips of film and television."""
    return Rules(**screen.model_dump())


def recording_rules(
    screen: ScreenSettings, segment: SegmentSettings, recordings: RecordingSettings
) -> Rules:
    """Return the rules for scripted recordings, of which the script sets the length."""
    limits = (segment.min_seconds, segment.max_seconds)
    shortest, longest = limits if recordings.length == "drop" else (None, None)
    return Rules(
        min_rms_db=screen.min_rms_db,
        max_clipping=screen.max_clipping,
        max_dropouts=screen.max_dropouts,
        max_music=screen.max_music,
        min_snr_db=screen.min_snr_db,
        min_seconds=shortest,
        max_seconds=longest,
    )


def screen_clips(
    clips: Sequence[Clip],
    rules: Rules,
    choices: Choices | None = None,
    suppressed: Collection[str] = (),
) -> list[Screen]:
    """Return the screening decision on each clip.

    A manually kept region overrides every measure, but not the suppression of repeats. A review
    decision on the clip itself overrides both.

    Args:
        clips: clips of one source.
        rules: rules for its kind of source.
        choices: manual regions and review decisions of the source.
        suppressed: ids of suppressed repeats.
    """
    choices = choices or Choices()
    reviewed = reviewed_edges(choices)
    decisions = []
    for clip in clips:
        reasons = rules.reasons_against(clip, clip.clip_id in suppressed)
        human = choices.reason(clip.start, clip.end)
        if human and clip.superseded_by is None:
            overrides = (clip.start, clip.end) in reviewed or "duplicate" not in reasons
            reasons = [human] if overrides else ["duplicate"]
        accepted = not reasons or reasons == [HUMAN_KEEP]
        decisions.append(Screen(clip_id=clip.clip_id, accepted=accepted, reasons=reasons))
    return decisions


def reviewed_edges(choices: Choices) -> set[tuple[float, float]]:
    """Return start and end, in seconds, of the clips with a review decision."""
    return {(row.start, row.end) for row in choices.reviews}
