"""Clips that screening rejects, by class: shouts clip, so a rule can cost one class more."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from manifests.base.emotions import EMOTIONS
from manifests.base.markdown import escape, table
from manifests.base.settings import Settings
from manifests.storage.records import Label, Screen

__all__ = ["ClassLosses", "class_losses"]


class ClassLosses(Settings):
    """Screened clips with a class: all, the rejected ones, and these by reason, each by class.

    A rejected clip may have several reasons.
    """

    clips: dict[str, int]
    rejected: dict[str, int]
    reasons: dict[str, dict[str, int]]

    def table(self) -> str:
        """Return a Markdown table of the rejected clips by reason and class."""
        names = [name for name in EMOTIONS if self.clips.get(name)]
        rows: list[list[object]] = [
            [shown, *(self._cell(counts.get(name, 0), name) for name in names)]
            for shown, counts in [
                *((escape(reason), counts) for reason, counts in sorted(self.reasons.items())),
                ("**any**", self.rejected),
            ]
        ]
        rows.append(["**clips with this class**", *(str(self.clips[name]) for name in names)])
        return table(["rejected", *names], rows)

    def _cell(self, count: int, name: str) -> str:
        return f"{count} ({count / self.clips[name]:.1%})" if count else "0"

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each class that a reason rejects markedly more than the others."""
        for reason, counts in sorted(self.reasons.items()):
            for name, count in counts.items():
                own, others = self.clips[name], sum(self.clips.values()) - self.clips[name]
                lost = sum(counts.values()) - count
                if count >= _LEAST and others and count / own >= _MARKED * lost / others:
                    yield (
                        f"{reason} rejects {count} of {own} clips of {name} ({count / own:.1%}), "
                        f"but {lost} of {others} of the other classes ({lost / others:.1%}); keep "
                        f"good ones in corpus review, or set another threshold: corpus screen"
                    )


def class_losses(decisions: Iterable[Screen], labels: Iterable[Label]) -> ClassLosses | None:
    """Return the losses by class, None if no clip with a class is rejected.

    Superseded clips, which a new cut replaces, don't count.

    Example:
        >>> screens = [Screen(clip_id="a", accepted=False, reasons=["clipped"])]
        >>> class_losses(screens, [Label(clip_id="a", emotion="angry", votes=[])]).reasons
        {'clipped': {'angry': 1}}
    """
    emotions = {label.clip_id: label.emotion for label in labels}
    clips: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    reasons: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for screen in decisions:
        emotion = emotions.get(screen.clip_id)
        if emotion is None or "superseded" in screen.reasons:
            continue
        clips[emotion] += 1
        if not screen.accepted:
            rejected[emotion] += 1
            for reason in screen.reasons:
                reasons[reason][emotion] += 1
    found = {reason: dict(counts) for reason, counts in sorted(reasons.items())}
    if not found:
        return None
    return ClassLosses(clips=dict(clips), rejected=dict(rejected), reasons=found)


_LEAST = 5  # clips
_MARKED = 2.0  # times the other classes' share
