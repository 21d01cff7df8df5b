"""Decide which clips are good enough to be labelled; measuring was done before."""

from collections.abc import Collection, Sequence

from corpus_tools.recordings.settings import RecordingSettings
from corpus_tools.segmentation.choices import HUMAN_KEEP, Choices
from corpus_tools.segmentation.settings import ScreenSettings, SegmentSettings
from manifests.records import Clip, Screen
from manifests.settings import Settings

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
"""Why a clip can be rejected; the first that applies has its seconds in the ledger."""


class Rules(Settings):
    """What a source's clips must meet; ``None`` where a rule doesn't apply to them."""

    min_rms_db: float
    max_clipping: float
    max_dropouts: int
    max_music: float
    min_snr_db: float
    min_speech_ratio: float | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None

    def reasons_against(self, clip: Clip, suppressed: bool = False) -> list[str]:
        """Return why a clip should not be labelled, in the order of `REASONS`.

        Args:
            clip: what was measured.
            suppressed: whether it is rejected for another clip that sounds the same.
        """
        found = {
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
        return [reason for reason in REASONS if found[reason]]


def drama_rules(screen: ScreenSettings) -> Rules:
    """Return the rules for cuts of film and television."""
    return Rules(**screen.model_dump())


def recording_rules(
    screen: ScreenSettings, segment: SegmentSettings, recordings: RecordingSettings
) -> Rules:
    """Return the rules for scripted recordings, which are as long as their lines."""
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
    """Return the decision on each clip; what a person chose outranks the rules.

    A kept stretch outranks every measure, but of what sounds the same there, too, one clip is
    enough. A review of the clip itself outranks that as well.

    Args:
        clips: of one source.
        rules: for its kind.
        choices: what people chose for it.
        suppressed: clips that are rejected for another one that sounds the same.
    """
    choices = choices or Choices()
    reviewed = reviewed_edges(choices)
    decisions = []
    for clip in clips:
        reasons = rules.reasons_against(clip, clip.clip_id in suppressed)
        human = choices.reason(clip.start, clip.end)
        if human and clip.superseded_by is None:
            outranks = (clip.start, clip.end) in reviewed or "duplicate" not in reasons
            reasons = [human] if outranks else ["duplicate"]
        accepted = not reasons or reasons == [HUMAN_KEEP]
        decisions.append(Screen(clip_id=clip.clip_id, accepted=accepted, reasons=reasons))
    return decisions


def reviewed_edges(choices: Choices) -> set[tuple[float, float]]:
    """Return start and end, in seconds, of the clips that a person decided on one by one."""
    return {(row.start, row.end) for row in choices.reviews}
