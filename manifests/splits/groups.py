"""Groups of clips that must not be divided between train, val and test."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from manifests.base.emotions import EMOTIONS
from manifests.base.voices import is_within_source
from manifests.storage.records import ManifestEntry
from manifests.storage.sections import GROUP_KEYS

__all__ = [
    "AUTO",
    "NO_REPEATS",
    "Keys",
    "class_counts",
    "fitting_grouping",
    "group_clips",
    "groupings",
    "is_person",
    "keys_of",
    "largest_share",
    "scope_of",
]

Keys = tuple[str, ...]
"""Grouping keys of a clip, as ``kind:value``; clips with a common key are in one group."""

AUTO = (("speaker", "source"), ("speaker",), ("known_speaker", "source"), ("known_speaker",))
"""Groupings that ``auto`` tries; it takes the first with a largest group that is small enough."""

_NAMING_ORDER = ("speaker", "series", "source", "sentence", "repeat", "clip")
NO_REPEATS: Mapping[str, str] = MappingProxyType({})
"""No recordings that clips share."""


def keys_of(
    entries: Iterable[ManifestEntry],
    by: Sequence[str],
    repeats: Mapping[str, str] = NO_REPEATS,
) -> dict[str, Keys]:
    """Return the keys of each clip, by clip id.

    ``by`` names ``speaker``, ``known_speaker``, ``series``, ``source`` or ``sentence``, or several
    (clips without a sentence have no key of that kind); if it is empty, each clip is a group. An
    unknown speaker, or one known within a source only, may be any known or unknown speaker of the
    series, or of the source if the series is unknown, too. ``known_speaker`` instead assumes that
    unknown speakers of different sources are different people. Clips with a common recording in
    ``repeats`` stay together unless ``by`` is empty.
    """
    entries = list(entries)
    speakers = _known_speakers(entries)
    alike: dict[tuple[str | None, ...], Keys] = {}
    keys: dict[str, Keys] = {}
    for entry in entries:
        origin = (entry.speaker, entry.source_id, entry.series, entry.sentence)
        own = alike.get(origin)
        if own is None:
            found = (key for name in by for key in _entry_keys(entry, name, speakers))
            own = alike[origin] = tuple(dict.fromkeys(found))
        if by and entry.clip_id in repeats:
            own = (*own, f"repeat:{repeats[entry.clip_id]}")
        keys[entry.clip_id] = own or (f"clip:{entry.clip_id}",)
    return keys


def group_clips(keys: Mapping[str, Keys]) -> dict[str, str]:
    """Return the group of every clip: the connected components over shared keys.

    A group is named after one of its keys, a speaker's if it has one.

    >>> group_clips({"a": ("speaker:f01", "source:x"), "b": ("source:x",), "c": ("source:y",)})
    {'a': 'speaker:f01', 'b': 'speaker:f01', 'c': 'source:y'}
    """
    parent: dict[str, str] = {}
    for shared in keys.values():
        root = _root(parent, shared[0])
        for key in shared[1:]:
            parent[_root(parent, key)] = root
    members: defaultdict[str, list[str]] = defaultdict(list)
    for key in list(parent):
        members[_root(parent, key)].append(key)
    names = {root: min(found, key=_naming_order) for root, found in members.items()}
    return {clip: names[_root(parent, shared[0])] for clip, shared in keys.items()}


def class_counts(
    entries: Iterable[ManifestEntry], group_of: Mapping[str, str]
) -> dict[str, list[int]]:
    """Return the clips of each class, per group; entries absent from ``group_of`` don't count."""
    counts: dict[str, list[int]] = {group: [0] * len(EMOTIONS) for group in group_of.values()}
    for entry in entries:
        if entry.clip_id in group_of:
            counts[group_of[entry.clip_id]][EMOTIONS.index(entry.emotion)] += 1
    return counts


def largest_share(groups: Iterable[str]) -> float:
    """Return the share of the clips in the largest group, 0 without clips."""
    sizes = Counter(groups)
    return max(sizes.values()) / sizes.total() if sizes else 0.0


def groupings(group_by: str) -> tuple[tuple[str, ...], ...]:
    """Return the groupings that a value of ``[split] group_by`` allows, in order of preference.

    >>> groupings("source"), groupings("none"), groupings("source,speaker")
    ((('source',),), ((),), (('speaker', 'source'),))
    """
    if group_by == "auto":
        return AUTO
    if group_by == "none":
        return ((),)
    named = group_by.split(",")
    return (tuple(key for key in GROUP_KEYS if key in named),)


def fitting_grouping(
    entries: Sequence[ManifestEntry],
    choices: Iterable[tuple[str, ...]],
    largest_group: float,
    repeats: Mapping[str, str] = NO_REPEATS,
) -> tuple[str, ...] | None:
    """Return the first grouping without a group of more than ``largest_group`` of the clips.

    None if there is none.
    """
    for by in choices:
        if largest_share(group_clips(keys_of(entries, by, repeats)).values()) <= largest_group:
            return by
    return None


def scope_of(entry: ManifestEntry) -> str:
    """Return the scope of an unknown speaker's possible identities: the series, else the source."""
    return f"source:{entry.source_id}" if entry.series is None else f"series:{entry.series}"


def is_person(speaker: str | None) -> bool:
    """Return whether a speaker is known in the whole corpus, not within one source only."""
    return speaker is not None and not is_within_source(speaker)


def _known_speakers(entries: Iterable[ManifestEntry]) -> dict[str, Keys]:
    """Return the known speakers of each scope."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if is_person(entry.speaker):
            found[scope_of(entry)].add(f"speaker:{entry.speaker}")
    return {scope: tuple(sorted(speakers)) for scope, speakers in found.items()}


def _entry_keys(entry: ManifestEntry, name: str, speakers: Mapping[str, Keys]) -> Keys:
    source, scope = f"source:{entry.source_id}", scope_of(entry)
    match name:
        case "series":
            return (scope,)
        case "source":
            return (source,)
        case "sentence":
            return (f"sentence:{entry.sentence}",) if entry.sentence is not None else ()
        case _ if is_person(entry.speaker) or (name == "known_speaker" and entry.speaker):
            return (f"speaker:{entry.speaker}",)
        case "known_speaker":
            return (source,)
        case _:
            own = () if entry.speaker is None else (f"speaker:{entry.speaker}",)
            return (*own, scope, *speakers.get(scope, ()))


def _root(parent: dict[str, str], key: str) -> str:
    parent.setdefault(key, key)
    while parent[key] != key:
        parent[key] = key = parent[parent[key]]
    return key


def _naming_order(key: str) -> tuple[int, str]:
    return _NAMING_ORDER.index(key.partition(":")[0]), key
