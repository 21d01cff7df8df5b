"""Flags of the command line over what corpus.toml says."""

from typing import TypeVar

from pydantic import ValidationError

from manifests.errors import ConfigurationError
from manifests.permitted import setting_problem
from manifests.settings import Settings

__all__ = ["with_flags"]

S = TypeVar("S", bound=Settings)


def with_flags(section: S, **flags: object) -> S:
    """Return a section of settings with the flags that were given in place of its own values.

    Args:
        section: what corpus.toml says.
        flags: field and value; ``None`` for a flag that was not given.

    Raises:
        ConfigurationError: naming the flag, if a value doesn't fit.
    """
    given = {field: value for field, value in flags.items() if value is not None}
    try:
        return type(section).model_validate({**section.model_dump(), **given})
    except ValidationError as error:
        found = setting_problem(type(section), error)
        names = [f"--{field.replace('_', '-')}" for field in found.keys or given]
        raise ConfigurationError(f"{' and '.join(names)}{found.text}") from error
