"""Flags of the command line over what corpus.toml says."""

from typing import TypeVar

from pydantic import ValidationError

from manifests.errors import ConfigurationError
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
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else " and ".join(given)
        name = "--" + field.replace("_", "-")
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{name} {given.get(field, '')}: {reason}") from error
