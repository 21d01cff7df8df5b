"""Look up and load extensions that other packages install as entry points."""

import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from manifests.base.errors import ConfigurationError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["installed_entries", "load_plugin", "plugin_names", "reason"]


def plugin_names(group: str) -> list[str]:
    """Return the names of the installed extensions of an entry-point group, sorted."""
    return sorted(installed_entries(group))


def load_plugin(group: str, name: str, what: str, shipped: Iterable[str] = ()) -> Any:
    """Return the object that an entry point of a group, e.g. ``corpus_tools.recognisers``, names.

    For messages, ``what`` is the kind of extension (``recogniser``) and ``shipped`` are the names
    that don't need an entry point.

    Raises:
        ConfigurationError: if it isn't installed, or can't be imported.
    """
    known = installed_entries(group)
    if name not in known:
        raise ConfigurationError(
            f"no {what} '{name}' is installed; there are: {', '.join(sorted({*known, *shipped}))}"
        )
    try:
        return known[name].load()
    except Exception as error:
        raise ConfigurationError(
            f"{what} '{name}' can't be imported ({reason(error)}); reinstall its package"
        ) from error


def installed_entries(group: str) -> "dict[str, EntryPoint]":
    """Return the installed entry points of a group by name; the first on the path counts.

    The current folder, which Python may search too, is left out: it can be a corpus of others.
    """
    here = os.path.realpath(os.curdir)
    folders = [path for path in sys.path if os.path.realpath(path or os.curdir) != here]
    return dict(_entries(*folders).get(group, {}))


@cache
def _entries(*folders: str) -> "Mapping[str, Mapping[str, EntryPoint]]":
    """Return our groups' entry points by group and name; a tenth of the time of corpus --help."""
    from importlib.metadata import distributions

    found: dict[str, dict[str, EntryPoint]] = {}
    for distribution in distributions(path=list(folders)):
        if _OURS not in (distribution.read_text("entry_points.txt") or ""):
            continue  # parsing takes longer
        for entry in distribution.entry_points:
            found.setdefault(entry.group, {}).setdefault(entry.name, entry)
    return found


_OURS = "corpus_tools."
"""How the names of groups of extensions begin."""


def reason(error: Exception) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
