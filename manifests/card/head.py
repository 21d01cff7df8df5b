"""Head of a card in YAML, which Hugging Face reads."""

import json
import re

__all__ = ["licence_lines", "yaml_text"]


def yaml_text(text: str) -> str:
    """Return a YAML string (JSON is valid YAML), safe in HTML."""
    quoted = json.dumps(text, ensure_ascii=False).replace("<", r"\u003c")
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def licence_lines(licence: str | None) -> list[str]:
    """Return the lines of a licence: the name of a known one, else ``other`` and its name.

    Example:
        >>> licence_lines("CC-BY-4.0"), licence_lines("on request")
        (['license: cc-by-4.0'], ['license: other', 'license_name: "on request"'])
    """
    if not licence:
        return ["license: unknown"]
    if re.fullmatch(r"[a-z0-9.-]+", str(licence).lower()):
        return [f"license: {str(licence).lower()}"]
    return ["license: other", f"license_name: {yaml_text(str(licence))}"]


_UNSEEN = re.compile(r"[\x7f-\x9f\u2028\u2029]")  # characters that YAML folds or refuses
