"""Overrides of corpus.toml by command-line flags."""

from typing import TypeVar

from pydantic import ValidationError

from manifests.base.errors import ConfigurationError
from manifests.base.settings import Settings, setting_problem

__all__ = ["with_overrides"]

S = TypeVar("S", bound=Settings)


def with_overrides(section: S, **flags: object) -> S:
    """Return a section of settings with the given flags in place of its values.

    Args:
        section: section of corpus.toml.
        flags: values by field; ``None`` for a flag that was not given.

    Raises:
        ConfigurationError: if a value is invalid; names the flag.
    """
    given = {field: value for field, value in flags.items() if value is not None}
    try:
        return type(section).model_validate({**section.model_dump(), **given})
    except ValidationError as error:
        found = setting_problem(type(section), error)
        names = [f"--{field.replace('_', '-')}" for field in found.keys or given]
        raise ConfigurationError(f"{' and '.join(names)}{found.text}") from error
