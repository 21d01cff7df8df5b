"""Registry of the measures of a clip: one row each, shipped or installed by another package.

The row of a measure with a `Threshold` is all that screening, the key of section [screen], the flag
of ``corpus screen``, the review page and ``corpus why`` need. The command line imports this module,
so it names the functions that measure instead of importing them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from manifests.base.errors import ConfigurationError
from manifests.base.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    from manifests.storage.records import Clip

__all__ = [
    "GROUP",
    "SHIPPED",
    "Measure",
    "Threshold",
    "added_inputs",
    "added_measures",
    "measures",
    "screening_measures",
]

GROUP = "corpus_tools.measures"
"""Entry-point group; each entry is a `Measure` with the name of the entry."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Limit of a measure beyond which a clip is rejected.

    Attributes:
        key: key of section [screen]: ``min_…`` rejects smaller values, ``max_…`` larger ones.
        default: default of the key; a whole number if its values are.
        least: smallest permitted value of the key.
        most: largest permitted value of the key.
        reason: reason that rejected clips get.
        sentence: value and limit on the review page, a format of ``value`` and ``limit``.
        help: help of the flag and description of the key, without a full stop.
        label: short name of the reason on the review page, if it isn't the reason in words.
        scripted: whether the threshold also applies to scripted recordings.
    """

    key: str
    default: float
    least: float | None = None
    most: float | None = None
    reason: str
    sentence: str
    help: str
    label: str = ""
    scripted: bool = True

    @property
    def name(self) -> str:
        """Short name of the reason."""
        return self.label or self.reason.replace("_", " ")

    def rejects(self, value: float | None, limit: float | None) -> bool:
        """Return whether a value lies beyond a limit; if either is unknown it does not."""
        if value is None or limit is None:
            return False
        return value < limit if self.key.startswith("min_") else value > limit


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number that describes a clip.

    Attributes:
        name: field of the record `Clip`, else key of its ``measures``.
        compute: ``package.module:function``, called with a `ClipSound`; the function returns a
            number, or ``None`` if the clip can't be measured.
        meaning: description for the documentation, with the unit.
        label: name on the review page; empty to leave it out there.
        form: format of the value on the review page.
        threshold: threshold; ``None`` for a measure that is only recorded.
    """

    name: str
    compute: str
    meaning: str
    label: str = ""
    form: str = "{}"
    threshold: Threshold | None = None

    def value(self, clip: "Clip") -> float | None:
        """Return the value in a clip's record; ``None`` if it wasn't measured."""
        recorded: float | None = getattr(clip, self.name, None)
        return (clip.measures or {}).get(self.name, recorded)


SHIPPED = (
    Measure(
        name="rms_db",
        compute="corpus_tools.segmentation.screening.clip_sound:level",
        meaning="level of the whole clip, dBFS",
        label="level",
        form="{:.0f} dBFS",
        threshold=Threshold(
            key="min_rms_db",
            default=-50.0,
            most=0,
            reason="too_quiet",
            sentence="{value:.0f} dBFS, at least {limit:.0f}",
            help="Minimum level, in dBFS",
        ),
    ),
    Measure(
        name="peak_db",
        compute="corpus_tools.segmentation.screening.clip_sound:peak",
        meaning="highest sample, dBFS",
    ),
    Measure(
        name="left_edge_db",
        compute="corpus_tools.segmentation.screening.clip_sound:left_edge",
        meaning="level of the first 20 ms, dBFS",
    ),
    Measure(
        name="right_edge_db",
        compute="corpus_tools.segmentation.screening.clip_sound:right_edge",
        meaning="level of the last 20 ms, dBFS",
    ),
    Measure(
        name="clipping",
        compute="corpus_tools.segmentation.screening.clip_sound:clipping",
        meaning="share of samples within 1 dB of the peak",
        label="clipping",
        form="{:.2%}",
        threshold=Threshold(
            key="max_clipping",
            default=0.005,
            least=0,
            most=1,
            reason="clipped",
            sentence="{value:.1%} of the samples at the peak, at most {limit:.1%}",
            help="Maximum share of clipped samples",
        ),
    ),
    Measure(
        name="dropouts",
        compute="corpus_tools.segmentation.screening.clip_sound:dropouts",
        meaning="holes of 10 to 300 ms in the sound",
        label="dropouts",
        threshold=Threshold(
            key="max_dropouts",
            default=0,
            least=0,
            reason="dropouts",
            sentence="{value}, at most {limit}",
            help="Maximum number of dropouts",
        ),
    ),
    Measure(
        name="music",
        compute="corpus_tools.segmentation.screening.clip_sound:music",
        meaning="score for music under or between the speech, 0 to 1; null for less than half a "
        "second",
        label="music",
        form="{:.2f}",
        threshold=Threshold(
            key="max_music",
            default=0.5,
            least=0,
            most=1,
            reason="music",
            sentence="{value:.2f}, at most {limit:.2f}",
            help="Maximum music score, 0 to 1",
        ),
    ),
    Measure(
        name="snr_db",
        compute="corpus_tools.segmentation.screening.clip_sound:snr",
        meaning="level of the speech over that of the pauses in the clip and up to 1 s around it, "
        "dB; estimated from the amplitudes where there are no pauses; null without speech",
        label="above background",
        form="{:.1f} dB",
        threshold=Threshold(
            key="min_snr_db",
            default=12.0,
            reason="low_snr",
            label="noisy",
            sentence="speech {value:.1f} dB above background, at least {limit:.0f} dB",
            help="Minimum speech level above background, in dB",
        ),
    ),
    Measure(
        name="speech_ratio",
        compute="corpus_tools.segmentation.screening.clip_sound:speech_ratio",
        meaning="share of the clip that is speech; 0 for a short sound without voice",
        label="speech",
        form="{:.0%}",
        threshold=Threshold(
            key="min_speech_ratio",
            default=0.1,
            least=0,
            most=1,
            reason="little_speech",
            sentence="{value:.0%}, at least {limit:.0%}",
            help="Minimum share of speech in a clip",
            scripted=False,
        ),
    ),
)
"""Measures of the package. Those with a threshold are in the order of a clip's reasons."""


@cache
def added_measures() -> tuple[Measure, ...]:
    """Return the measures that other packages install, in the order of their names.

    `ConfigurationError` if one isn't importable, or no `Measure` with its own name, key and reason.
    """
    from manifests.storage.records import Clip

    added: list[Measure] = []
    for name in plugin_names(GROUP):
        measure = load_plugin(GROUP, name, "measure")
        if not isinstance(measure, Measure) or measure.name != name:
            raise ConfigurationError(
                f"entry point '{name}' of {GROUP} isn't a Measure of this name; "
                "report it to the author of its package"
            )
        taken = _names([*SHIPPED, *added]) | Clip.fields().keys() | _RESERVED
        if clash := sorted(_names([measure]) & taken):
            raise ConfigurationError(
                f"measure '{name}' uses the name '{clash[0]}', which is taken; "
                "report it to the author of its package"
            )
        added.append(measure)
    return tuple(added)


def _names(rows: Iterable[Measure]) -> set[str]:
    """Return the names, keys and reasons of measures, which must differ from all others."""
    thresholds = [row.threshold for row in rows if row.threshold is not None]
    return {row.name for row in rows} | {
        name for threshold in thresholds for name in (threshold.key, threshold.reason)
    }


_RESERVED = {
    *("superseded", "duplicate", "too_short", "too_long", "human_keep", "human_drop"),
    *("min_seconds", "max_seconds"),
}
"""Reasons and limits that no measure stands behind."""


def added_inputs() -> dict[str, list[str]]:
    """Return the added measures as inputs of a source's cuts; nothing if there are none."""
    names = [measure.name for measure in added_measures()]
    return {"measures": names} if names else {}


def measures() -> tuple[Measure, ...]:
    """Return all measures, shipped and added."""
    return SHIPPED + added_measures()


def screening_measures() -> list[tuple[Measure, Threshold]]:
    """Return the measures with a threshold, in the order of a clip's reasons."""
    return [(row, row.threshold) for row in measures() if row.threshold is not None]
