"""Look up and load extensions that other packages install as entry points."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from manifests.base.errors import ConfigurationError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["load_plugin", "plugin_names"]


def plugin_names(group: str) -> list[str]:
    """Return the names of the installed extensions of an entry-point group, sorted."""
    return sorted(_installed(group))


def load_plugin(group: str, name: str, what: str, shipped: Iterable[str] = ()) -> Any:
    """Return the object that an entry point of a group, e.g. ``corpus_tools.recognisers``, names.

    For messages, ``what`` is the kind of extension (``recogniser``) and ``shipped`` are the names
    that don't need an entry point.

    Raises:
        ConfigurationError: if it isn't installed, or can't be imported.
    """
    known = _installed(group)
    if name not in known:
        raise ConfigurationError(
            f"no {what} '{name}' is installed; there are: {', '.join(sorted({*known, *shipped}))}"
        )
    try:
        return known[name].load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"{what} '{name}' can't be imported ({error}); reinstall its package"
        ) from error


def _installed(group: str) -> "dict[str, EntryPoint]":
    from importlib.metadata import entry_points  # takes a tenth of the time of corpus --help

    return {entry.name: entry for entry in entry_points(group=group)}
