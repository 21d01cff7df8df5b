"""Screening of clips: thresholds of their measures, manual regions and review decisions."""

from collections.abc import Collection, Sequence

from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings, thresholds_model
from corpus_tools.registries.measures import screening_measures
from corpus_tools.segmentation.intake.selections import HUMAN_KEEP, Choices
from manifests.storage.records import Clip, Screen

__all__ = ["Rules", "drama_rules", "recording_rules", "reviewed_edges", "screen_clips"]


class Rules(thresholds_model(optional=True)):  # type: ignore[misc] # fields come from the registry
    """Thresholds for the clips of a source; ``None`` for a rule that doesn't apply."""

    min_seconds: float | None = None
    max_seconds: float | None = None

    def reasons_against(self, clip: Clip, suppressed: bool = False) -> list[str]:
        """Return the reasons to reject a clip; the ledger counts its seconds under the first."""
        applies = {
            "superseded": clip.superseded_by is not None,
            "duplicate": suppressed,
            "too_short": self.min_seconds is not None and clip.duration < self.min_seconds,
            "too_long": self.max_seconds is not None and clip.duration > self.max_seconds,
        }
        for measure, threshold in screening_measures():
            limit = getattr(self, threshold.key)
            applies[threshold.reason] = threshold.rejects(measure.value(clip), limit)
        return [reason for reason, rejected in applies.items() if rejected]


def drama_rules(screen: ScreenSettings) -> Rules:
    """Return the rules for clips of film and television."""
    return Rules(**screen.model_dump())


def recording_rules(
    screen: ScreenSettings, segment: SegmentSettings, recordings: RecordingSettings
) -> Rules:
    """Return the rules for scripted recordings, of which the script sets the length."""
    limits: dict[str, float] = {
        threshold.key: getattr(screen, threshold.key)
        for _, threshold in screening_measures()
        if threshold.scripted
    }
    if recordings.length == "drop":
        limits |= {"min_seconds": segment.min_seconds, "max_seconds": segment.max_seconds}
    return Rules(**limits)


def screen_clips(
    clips: Sequence[Clip],
    rules: Rules,
    choices: Choices | None = None,
    suppressed: Collection[str] = (),
) -> list[Screen]:
    """Return the screening decision on each clip of one source.

    A manually kept region overrides every measure, but not the suppression of repeats. A review
    decision on the clip itself overrides both.
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
