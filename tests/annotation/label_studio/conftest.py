"""Fake installation of Label Studio with the same commands."""

import sys
from pathlib import Path

import pytest

_LABEL_STUDIO = """\
import http.server, json, os, sys
arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
print("starting", sys.argv[1:], flush=True)
if os.path.exists("ends"):
    sys.exit("django.core.exceptions.ImproperlyConfigured: no such table")
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
with open("variables.json", "w") as out:
    json.dump(dict(os.environ), out)
http.server.HTTPServer(("127.0.0.1", int(arguments["--port"])), Health).serve_forever()
"""

_PYTHON = """\
import json, os, sys
wanted = json.load(sys.stdin)
if os.path.exists("fails"):
    sys.exit("Traceback\\nsqlite3.OperationalError: disk I/O error")
there = json.load(open("accounts.json")) if os.path.exists("accounts.json") else {}
made = [one for one in wanted["accounts"] if one["email"] not in there]
there |= {one["email"]: one["password"] for one in made}
json.dump(there, open("accounts.json", "w"))
token = wanted["token"] or "made-token"
answer = {"made": [one["email"] for one in made], "token": token}
answer["token_known"] = token == "made-token"
print("noise\\n" + json.dumps(answer))
"""


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """File of what this machine remembers; each test has a machine of its own."""
    monkeypatch.setenv("CORPUS_TOOLS_HOME", str(tmp_path / "machine"))
    return tmp_path / "machine" / "label-studio.json"


@pytest.fixture
def label_studio_environment(tmp_path):
    environment = tmp_path / "venv-ls"
    write_program(environment / "bin" / "label-studio", _LABEL_STUDIO)
    write_program(environment / "bin" / "python", _PYTHON)
    packages = environment / "lib" / "python3.11" / "site-packages"
    (packages / "label_studio-1.23.2.dist-info").mkdir(parents=True)
    (packages / "label_studio_sdk-2.1.2.dist-info").mkdir()
    return environment


@pytest.fixture
def corpus_folder(tmp_path):
    corpus = tmp_path / "corpus"
    (corpus / "clips").mkdir(parents=True)
    (corpus / "annotations").mkdir()
    (corpus / "corpus.toml").touch()
    (corpus / "annotations" / "annotators.csv").write_text(
        "annotator,server,number,email\na01,,,li@lab.example\na02,,,\na03,,,zhao@lab.example\n"
    )
    return corpus
