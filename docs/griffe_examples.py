"""Griffe extension: show doctests below ``Example:`` as code, as those below ``Examples:``."""

import re
from typing import Any

import griffe


class Examples(griffe.Extension):
    """Rename the section in the docstring of every object."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change a loaded object's docstring."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(
                r"^(\s*)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE
            )
