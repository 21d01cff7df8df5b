"""Packages that only one format needs."""

from importlib import import_module
from typing import Any

from manifests.errors import ConfigurationError

__all__ = ["import_extra"]


def import_extra(name: str) -> Any:
    """Return a package that an extra of the same name brings.

    Raises:
        ConfigurationError: saying how to install it, if it isn't there.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"--format {name} needs the package {name}; run: pip install 'corpus-tools[{name}]'"
        ) from error
