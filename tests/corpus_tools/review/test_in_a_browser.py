"""Buttons of the page in a real browser, if one is installed."""

import html
import json
import re
import shutil
import subprocess

import pytest

from corpus_tools.configuration.corpus import Configuration
from corpus_tools.review.applying import apply_files
from corpus_tools.review.pages import review
from corpus_tools.segmentation.intake.selections import read_choices

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
HEAD = "source,clip_id,from,to,decision,note\n"

PRESS = """
const pressed = () => ["keep", "drop", "trim"].filter((name) => byId(name).ariaPressed === "true");
const seen = [];
function press(number, ...names) {
  select(clips[number], { listen: false });
  const before = pressed();
  byId("advance").checked = false;
  for (const name of names) byId(name).click();
  seen.push([before, pressed(), decisions.stays(clips[number])]);
}
press(0, "keep");
press(1, "keep");
press(2, "drop", "drop");
press(3, "trim");
const key = new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true });
byId("from").dispatchEvent(key);
const result = document.createElement("pre");
result.id = "result";
const progress = byId("progress").textContent;
result.textContent = JSON.stringify({ seen, csv: decisions.csv(), progress });
document.body.append(result);
"""


@pytest.fixture
def dump(tmp_path):
    """Return a page's DOM in a browser after running a script in it."""

    def run(page, script):
        text = re.sub(
            r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text("utf-8")
        )
        modified = tmp_path / "page.html"
        modified.write_text(text.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000"]
        command = [BROWSER, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
        try:
            process = subprocess.run(
                [*command, modified.as_uri()], capture_output=True, check=True, timeout=60
            )
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"Chromium doesn't run here: {error}")
        return process.stdout.decode("utf-8")

    return run


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_pressed_buttons_become_decisions(corpus, film, source, clips, tmp_path, dump):
    def apply(text):
        path = tmp_path / "decisions.csv"
        path.write_text(text, encoding="utf-8", newline="")
        outcome = apply_files(corpus, [path], Configuration(), media=[film])
        assert outcome.ok, outcome.failures
        return outcome.details["decisions"]

    rows = [f"{clip.source_id},{clip.clip_id},,," for clip in clips]
    apply(f"{HEAD}{rows[0]}keep,\n{rows[1]}drop,\n")
    review(corpus, [film])
    shown = dump(corpus / "review" / f"{source.source_id}.html", PRESS)
    match = re.search(r'<pre id="result">(.*?)</pre>', shown, re.DOTALL)
    assert match, shown[-2000:]
    result = json.loads(html.unescape(match[1]))
    assert result["seen"] == [
        [["keep"], [], True],
        [["drop"], ["keep"], True],
        [[], [], True],
        [[], ["trim"], True],
    ]
    assert result["progress"] == f"3 of {len(clips)} decided (1 keep, 1 trim, 1 undone)"
    assert apply(result["csv"]) == {"keep": 1, "trim": 1, "undo": 1}
    kept, trimmed = read_choices(corpus, source.source_id).reviews
    assert (kept.clip_id, kept.decision) == (clips[1].clip_id, "keep")
    assert (trimmed.start, trimmed.end) == (pytest.approx(clips[3].start + 0.1), clips[3].end)
