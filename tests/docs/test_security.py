"""Each promise of security.md names the tests behind it, and these exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_promise_has_tests():
    text = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
    promises, listed = text.split("## The tests behind it")
    heads = [head.rstrip(".") for head in re.findall(r"^- \*\*(.+?)\*\*", promises, re.MULTILINE)]
    rows = [row.strip("| ").split(" | ") for row in listed.strip().splitlines()[2:]]
    assert [name for name, _ in rows] == heads
    for name, tests in rows:
        for path in re.findall("`(.+?)`", tests):
            assert (ROOT / "tests" / path).is_file(), (name, path)
