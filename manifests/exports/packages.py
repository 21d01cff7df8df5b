"""Import optional packages that only one format needs."""

from importlib import import_module
from typing import Any

from manifests.errors import ConfigurationError

__all__ = ["import_extra"]


def import_extra(name: str) -> Any:
    """Import a package that the extra of the same name installs.

    Raises:
        ConfigurationError: with the command that installs it, if it is missing.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"--format {name} needs the package {name}; run: pip install 'corpus-tools[{name}]'"
        ) from error
