"""The page in a real browser, if one is installed."""

import base64
import html
import json
import re
import shutil
import subprocess

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

STEPS = """
const bytes = (text) => new Blob([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))]);
(async () => {
  await send(new Blob(["no sound, ".repeat(20)]), "<img src=x>.wav");
  const refused = byId("status").textContent;
  await send(bytes("SOUND"), "<b>voice<b>.wav");
  chart.dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
  const lines = [...byId("bars").querySelectorAll("span")].map((one) => one.textContent);
  const found = {
    refused, title: byId("title").textContent, injected: document.querySelectorAll("img, b").length,
    summary: byId("summary").textContent, clip: byId("clip-title").textContent, lines,
    chosen: chart.getAttribute("aria-valuenow"), rows: byId("table").rows.length,
    rectangles: chart.querySelectorAll("rect.bar, rect.most").length,
  };
  const result = document.createElement("pre");
  result.id = "found";
  result.textContent = JSON.stringify(found);
  document.body.append(result);
})();
"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_a_file_is_shown_over_time_and_its_name_as_text(server, make_media, make_scene, tmp_path):
    film = make_media(tmp_path / "film.wav", make_scene([(3.5, 0.8)] * 4))
    sound = base64.b64encode(film.read_bytes()).decode()
    nonce = f'<script nonce="{server.token}">'
    server.page = server.page.replace(
        b"</body>", f"{nonce}{STEPS.replace('SOUND', sound)}</script></body>".encode()
    )
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"]
    command = [BROWSER, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    shown = subprocess.run([*command, server.url], capture_output=True, timeout=120).stdout.decode()
    text = re.search(r'<pre id="found">(.*?)</pre>', shown, re.DOTALL)
    assert text is not None, shown[:2000]
    found = json.loads(html.unescape(text.group(1)))
    assert found["refused"].startswith("<img src=x>.wav: is a text file")
    assert (found["title"], found["injected"]) == ("<b>voice<b>.wav", 0)
    clips = found["rows"] - 1
    assert clips > 1
    assert found["chosen"] == str(clips)
    assert found["rectangles"] == clips * 6
    assert found["summary"].startswith(f"{clips} clips: ")
    assert re.fullmatch(r"0:\d\d to 0:\d\d: \w+", found["clip"])
    assert found["clip"].endswith(found["lines"][0])
