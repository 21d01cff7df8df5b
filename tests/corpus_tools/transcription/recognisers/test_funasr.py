"""FunASR as a recogniser: tiny Paraformers and SenseVoices in FunASR itself, and its folders."""

import importlib.metadata
import json
import pickle
import runpy
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.transcription.recognisers.base import RecogniserOptions, Recognition
from corpus_tools.transcription.recognisers.funasr import FunasrRecogniser, read_tags, time_words
from corpus_tools.transcription.recognisers.funasr_folder import find_folder
from corpus_tools.transcription.store import read_transcripts
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError

with_funasr = pytest.mark.skipif(
    find_spec("funasr") is None or find_spec("sentencepiece") is None, reason="funasr is missing"
)
WAVES = [
    np.random.default_rng(seed).normal(0, 0.1, int(16_000 * seconds)).astype(np.float32)
    for seed, seconds in enumerate((2, 3.3, 33, 0.0001, 0.0))
]


@pytest.fixture(scope="session")
def tiny() -> SimpleNamespace:
    path = Path(__file__).parents[1] / "tiny_funasr.py"
    return SimpleNamespace(**runpy.run_path(str(path)))


@pytest.fixture(scope="session")
def folders(
    tiny: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("funasr")

    def write(kind: str) -> Path:
        folder = root / kind
        if not folder.exists():
            if kind == "SenseVoiceSmall":
                tiny.write_sensevoice(folder)
            else:
                tiny.write_paraformer(folder, kind)
        return folder

    return write


def options(model: Path | str, **more: Any) -> RecogniserOptions:
    given: dict[str, Any] = {"device": "cpu", "announce": lambda message: None}
    return RecogniserOptions(str(model), **(given | more))


@with_funasr
@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("Paraformer", True),
        ("BiCifParaformer", True),
        ("SeacoParaformer", True),
        ("ContextualParaformer", False),
        ("SenseVoiceSmall", True),
    ],
)
def test_each_kind_recognises_clips_of_any_length(
    kind: str, times: bool, folders: Callable[[str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = folders(kind)
    capfd.readouterr()
    given = {"lexicon": ("巴适", "http://example.org/words", "words.txt")}
    recogniser = FunasrRecogniser(options(folder, words=True, **given))
    found = recogniser.transcribe(WAVES, "zh")
    assert capfd.readouterr().out == ""
    assert [one.text for one in found[:3] if one.text]
    for one, wave in zip(found, WAVES, strict=True):
        assert one.language == "zh"
        assert "<|" not in one.text
        if not times and one.text:
            assert one.words is None
            continue
        words = one.words or ()
        if len(wave) <= 30 * 16_000:  # pieces are joined with a space
            assert "".join(word.text for word in words) == one.text
        starts = [word.start for word in words]
        assert starts == sorted(starts)
        assert all(word.start <= word.end <= len(wave) / 16_000 for word in words)
    alone = [recogniser.transcribe([wave], "zh")[0].text for wave in reversed(WAVES)]
    assert alone[::-1] == [one.text for one in found]


@with_funasr
def test_hotwords_reach_the_model_and_are_recorded(folders: Callable[[str], Path]) -> None:
    recogniser = FunasrRecogniser(options(folders("SeacoParaformer"), lexicon=("巴适", "啥子")))
    threads = torch.get_num_threads()
    recogniser.transcribe(WAVES[:1], "zh")
    assert torch.get_num_threads() == threads
    asr = recogniser._model.model
    tokens = [recogniser._model.kwargs["tokenizer"].ids2tokens(one) for one in asr.hotword_list]
    assert tokens == [["巴", "适"], ["啥", "子"], ["<s>"]]
    plain = FunasrRecogniser(options(folders("SeacoParaformer")))
    assert plain.parameters != recogniser.parameters
    assert plain.name == recogniser.name


@with_funasr
def test_what_a_model_cannot_take_is_said(folders: Callable[[str], Path]) -> None:
    said: list[str] = []
    more = {"prompt": "张三", "lexicon": ("巴适",), "words": True, "announce": said.append}
    name = FunasrRecogniser(options(folders("SenseVoiceSmall"), **more)).name
    assert said == [
        f"{name} takes no prompt; it is left out",
        f"{name} takes no expected words; the lexicon is left out",
        f"{name} tells sounds such as music and laughter of a whole window, not of a clip, so "
        f"texts get no flags for them; use --context clip to have them",
    ]


@with_funasr
@pytest.mark.parametrize(
    ("kind", "language", "code"),
    [
        ("SenseVoiceSmall", "yue-HK", "yue"),
        ("SenseVoiceSmall", "cmn", "zh"),
        ("SenseVoiceSmall", "pl", "--language zh or --language yue or --language en"),
        ("SeacoParaformer", "zh-CN", "zh"),
        ("SeacoParaformer", "en", "give --language zh (Sichuanese is zh)"),
    ],
)
def test_languages(kind: str, language: str, code: str, folders: Callable[[str], Path]) -> None:
    recogniser = FunasrRecogniser(options(folders(kind)))
    if len(code) <= 3:
        assert recogniser.transcribe(WAVES[:1], language)[0].language == code
        return
    with pytest.raises(ConfigurationError) as caught:
        recogniser.transcribe(WAVES[:1], language)
    assert f"doesn't support the language '{language}'" in str(caught.value)
    assert code in str(caught.value)


@with_funasr
@pytest.mark.parametrize(
    ("tag", "flags", "no_speech"),
    [
        ("<|Laughter|>", ("laughter",), None),
        ("<|HAPPY|>", (), None),
        ("<|yue|>", ("other_language",), None),
        ("<|nospeech|>", (), 1.0),
    ],
)
def test_tags_of_a_real_model_become_flags_or_nothing(
    tag: str, flags: tuple[str, ...], no_speech: float | None, tiny: Any, tmp_path: Path
) -> None:
    folder = tiny.write_sensevoice(tmp_path / "sensevoice", tags=tag)
    (found,) = FunasrRecogniser(options(folder)).transcribe(WAVES[:1], "zh")
    assert found == Recognition("", "zh", no_speech_prob=no_speech, flags=flags)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<|zh|><|HAPPY|><|Speech|><|woitn|>要得", ("要得", [], "zh")),
        ("<|yue|><|SAD|><|Cry|><|BGM|>唔 该", ("唔 该", ["crying", "music"], "yue")),
        ("<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|>", ("", [], "nospeech")),
        ("<|en|><|ANGRY|>a<|Applause|> b <|FUTURE_EMOTION|>", ("a b", ["applause"], "en")),
        ("没有标记", ("没有标记", [], None)),
    ],
)
def test_no_tag_stays_in_a_text(text: str, expected: tuple[Any, ...]) -> None:
    assert read_tags(text) == expected


@pytest.mark.parametrize(
    ("text", "tokens", "times", "words", "flags"),
    [
        ("要得ok la", ["要", "得", "ok", "la"], 4, ["要", "得", "ok", " la"], ()),
        ("要得", ["要", "得"], 1, ["要", "得"], ("rough_times",)),
        ("要得 嘛", ["别", "的"], 2, ["要", "得", " 嘛"], ("rough_times",)),
        ("好", [], 0, ["好"], ("rough_times",)),
        ("", [], 0, [], ()),
    ],
)
def test_words_are_the_text_whatever_the_times(
    text: str, tokens: list[str], times: int, words: list[str], flags: tuple[str, ...]
) -> None:
    given = [[100 * n, 100 * n + 100] for n in range(times)]
    found, got = time_words(text, tokens, given, 2.0)
    assert ([word.text for word in found], tuple(got)) == (words, flags)
    assert all(0 <= word.start <= word.end <= 2.0 for word in found)


@with_funasr
@pytest.mark.parametrize(
    ("kind", "context"), [("SeacoParaformer", "window"), ("SenseVoiceSmall", "clip")]
)
def test_a_corpus_is_transcribed_and_a_second_run_has_nothing_to_do(
    kind: str,
    context: str,
    workspace: Workspace,
    folders: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = SimpleNamespace(name="funasr", load=lambda: FunasrRecogniser)
    monkeypatch.setattr("manifests.base.plugins.installed_entries", lambda group: {"funasr": entry})
    settings = TranscribeSettings(
        recogniser="funasr",
        model=str(folders(kind)),
        language="zh",
        device="cpu",
        context="window" if context == "window" else None,
        emptying_flags=(),
    )
    assert settings.used_context == context
    outcome = transcribe(workspace, settings, announce=lambda message: None)
    assert outcome.details["sources"] == {"done": 1, "unchanged": 0, "failed": 0}
    records = [one for one in read_transcripts(workspace.root, "drama") if one.source != "subtitle"]
    assert {one.source for one in records} == {"recogniser"}
    assert any(one.text_raw for one in records)
    assert all((one.words is not None) == (context == "window") for one in records)
    assert transcribe(workspace, settings).details["sources"]["unchanged"] == 1


CONFIG = {
    "model": "SenseVoiceSmall",
    "encoder": "SenseVoiceEncoderSmall",
    "tokenizer": "SentencepiecesTokenizer",
    "frontend": "WavFrontend",
}


def bare(folder: Path, **more: Any) -> Path:
    """Write a folder that looks like a model's, with a configuration and no weights."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG | more), encoding="utf-8")
    (folder / "spectok.bpe.model").write_bytes(b"")
    torch.save({}, folder / "model.pt")
    return folder


def test_only_known_parts_of_a_configuration_are_passed_on(tmp_path: Path) -> None:
    more = {
        "trust_remote_code": True,
        "remote_code": "/srv/model.py",
        "init_param": "/srv/other.pt",
        "vad_model": "iic/other",
        "hotword": "http://example.org",
        "output_dir": "/srv/written",
        "model_conf": {"sos": 1, "normalize": "GlobalMVN", "encoder": "Other"},
        "tokenizer_conf": {"unk_symbol": "<unk>", "init_param_path": "other/model"},
        "frontend_conf": {"dither": 1.0, "cmvn_file": "/srv/other.mvn"},
    }
    found = find_folder(str(bare(tmp_path / "model", **more)), False, print)
    assert not {*found.arguments} & {*more} - {"model_conf", "tokenizer_conf", "frontend_conf"}
    assert found.arguments["model_conf"] == {"sos": 1}
    assert found.arguments["tokenizer_conf"].keys() == {"unk_symbol", "bpemodel"}
    assert found.arguments["frontend_conf"] == {"dither": 0.0, "cmvn_file": None}
    assert found.name.startswith("model-")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"model": "GLMASR"}, "its model is 'GLMASR', not one of Paraformer"),
        ({"model": None}, "its model is None, not one of"),
        ({"model": ["Paraformer"]}, "its model is ['Paraformer'], not one of"),
        ({"encoder": "OpenAIWhisperEncoderWarp"}, "its encoder is 'OpenAIWhisperEncoderWarp'"),
        ({"tokenizer": "HuggingfaceTokenizer"}, "its tokenizer is 'HuggingfaceTokenizer'"),
        ({"normalize": "GlobalMVN"}, "its normalize is 'GlobalMVN', which isn't supported"),
        ({"frontend": None}, "names no frontend"),
        ({"encoder_conf": {"output_size": 10**9}}, "its encoder_conf has output_size = 1000000000"),
        ({"encoder_conf": {"num_blocks": 5000}}, "its encoder_conf has num_blocks = 5000"),
        ({"model_conf": {"lora": {"a": 1}}}, "its model_conf has lora"),
        ({"encoder_conf": [1]}, "its encoder_conf is no table"),
    ],
)
def test_another_configuration_is_refused(
    more: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    folder = bare(tmp_path / "model", **more)
    with pytest.raises(DataError) as caught:
        find_folder(str(folder), False, print)
    assert str(folder / "config.yaml") in str(caught.value)
    assert sentence in str(caught.value)
    assert "; " in str(caught.value)


@with_funasr
@pytest.mark.parametrize(("language", "code"), [(None, "zh"), ("zh", "zh"), ("en", "en")])
def test_a_paraformer_with_sentencepiece_takes_chinese_and_english(
    language: str | None, code: str, tmp_path: Path
) -> None:
    recogniser = FunasrRecogniser(options(bare(tmp_path / "model", model="Paraformer")))
    assert recogniser._language_code(language) == code
    with pytest.raises(ConfigurationError, match="doesn't support the language 'pl'"):
        recogniser._language_code("pl")


FIRST = yaml.safe_dump(CONFIG)
LAUGHS = "a0: &a0 [x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{LAUGHS}{FIRST}encoder_conf: {{x: *a11}}\n", "can't be read (it has references"),
        (f"{LAUGHS}{FIRST}decoder: *a11\n", "can't be read (it has references"),
        (f"{FIRST}encoder_conf: &own {{x: *own}}\n", "can't be read (it has references"),
        (f"{FIRST}z: {'[' * 3000}{']' * 3000}\n", "can't be read (it has references, or lists"),
        (f"{FIRST}z: {'{a: ' * 100_000}", "larger than 256 KiB"),
        (f"{FIRST}z: {'- ' * 50_000}", "config.yaml: can't be read"),
        (f"{FIRST}encoder_conf: {{x: 0x{'f' * 9000}}}\n", "encoder_conf has x = a huge number"),
        (f"{FIRST}encoder_conf: {{x: {{y: 0b1{'0' * 90_000}}}}}\n", "x = a huge number"),
        (f"{FIRST}decoder: 0x{'f' * 9000}\n", "its decoder is a huge number"),
        (f"{FIRST}encoder_conf: {{x: {'9' * 9000}}}\n", "config.yaml: can't be read"),
        (f"{FIRST}encoder_conf: {{x: 1{':1' * 900}.5}}\n", "config.yaml: can't be read"),
        (f"{FIRST}encoder_conf: {{x: !!timestamp y}}\n", "config.yaml: can't be read"),
        (f"{FIRST}encoder_conf: {{x: !!bool y2}}\n", "config.yaml: can't be read"),
        (f"{FIRST}encoder_conf: {{x: !!int ''}}\n", "config.yaml: can't be read"),
    ],
    ids=lambda text: text[-24:].strip() if isinstance(text, str) else None,
)
def test_a_hostile_configuration_costs_one_sentence_and_little_time(
    text: str, sentence: str, tmp_path: Path
) -> None:
    folder = bare(tmp_path / "model")
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    began = time.process_time()
    with pytest.raises(DataError) as caught:
        find_folder(str(folder), False, print)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < len(str(folder)) + 400
    assert time.process_time() - began < 10


def no_yaml(folder: Path) -> None:
    (folder / "config.yaml").write_text("model: !!python/object/apply:os.getcwd []\n")


def no_text(folder: Path) -> None:
    (folder / "config.yaml").write_bytes(b"\xff\xfe\x00")


def no_weights(folder: Path) -> None:
    (folder / "model.pt").unlink()


def no_vocabulary(folder: Path) -> None:
    (folder / "spectok.bpe.model").unlink()


def leads_out(folder: Path) -> None:
    other = folder.parent / "other.pt"
    (folder / "model.pt").rename(other)
    (folder / "model.pt").symlink_to(other)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (no_yaml, "config.yaml: can't be read"),
        (no_text, "config.yaml: can't be read"),
        (no_weights, "not a model of FunASR (model.pt is missing)"),
        (no_vocabulary, "its *.bpe.model is missing"),
        (leads_out, "model.pt: a link that leads out of the model's folder"),
    ],
)
def test_a_broken_folder_is_refused(
    spoil: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    folder = bare(tmp_path / "model")
    spoil(folder)
    with pytest.raises(DataError) as caught:
        find_folder(str(folder), False, print)
    assert sentence in str(caught.value)


class Code:
    """Pickles as a call."""

    def __reduce__(self) -> Any:
        return (Path.touch, (Path("ran"),))


def coded(folder: Path) -> None:
    torch.save({"encoder": Code()}, folder / "model.pt")


def old_pickle(folder: Path) -> None:
    (folder / "model.pt").write_bytes(pickle.dumps({"encoder": Code()}))


def cut(folder: Path) -> None:
    data = (folder / "model.pt").read_bytes()
    (folder / "model.pt").write_bytes(data[: len(data) // 2])


def empty(folder: Path) -> None:
    torch.save({}, folder / "model.pt")


def infinite(folder: Path) -> None:
    state = torch.load(folder / "model.pt", weights_only=True)
    state["ctc.ctc_lo.bias"][0] = float("nan")
    torch.save(state, folder / "model.pt")


def wider(folder: Path) -> None:
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["encoder_conf"]["output_size"] = 90_000
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


def no_model(folder: Path) -> None:
    (folder / "chn_jpn_yue_eng_ko_spectok.bpe.model").write_bytes(b"\xff" * 40)


@with_funasr
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (coded, "refused, since it has more than weights (pickled code)"),
        (old_pickle, "refused, since it has more than weights (pickled code)"),
        (cut, "not a checkpoint, or truncated; copy or download it again"),
        (empty, "model.pt doesn't fit config.yaml"),
        (infinite, "has weights that aren't finite"),
        (wider, "tensors are missing or have another shape: "),
        (no_model, "FunASR can't load it ("),
    ],
)
def test_bad_weights_cost_one_sentence_and_run_no_code(
    spoil: Callable[[Path], None],
    sentence: str,
    tiny: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tiny.write_sensevoice(tmp_path / "model")
    spoil(folder)
    with pytest.raises(DataError) as caught:
        FunasrRecogniser(options(folder)).transcribe(WAVES[:1], "zh")
    assert sentence in str(caught.value)
    assert str(folder) in str(caught.value)
    assert not (tmp_path / "ran").exists()


@with_funasr
def test_few_missing_tensors_are_named(tiny: Any, tmp_path: Path) -> None:
    folder = tiny.write_sensevoice(tmp_path / "model")
    state = torch.load(folder / "model.pt", weights_only=True)
    del state["embed.weight"]
    torch.save({"state_dict": {f"module.{key}": one for key, one in state.items()}}, "nested.pt")
    Path("nested.pt").replace(folder / "model.pt")
    said: list[str] = []
    FunasrRecogniser(options(folder, announce=said.append)).transcribe(WAVES[:1], "zh")
    (sentence,) = said
    assert "lacks 1 of " in sentence
    assert "(embed.weight), which FunASR fills by chance" in sentence


@pytest.mark.parametrize(
    ("installed", "sentence"),
    [
        (None, "needs the package funasr; run: pip install 'corpus-tools[funasr]'"),
        ("1.3.30", "needs funasr 1.4.6 or later, not 1.3.30; run: pip install --upgrade"),
    ],
)
def test_the_package_and_its_version_are_checked_first(
    installed: str | None, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(name: str) -> str:
        if installed is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr("corpus_tools.transcription.recognisers.funasr.version", found)
    with pytest.raises(ConfigurationError) as caught:
        FunasrRecogniser(options("paraformer-zh"))
    assert sentence in str(caught.value)


def test_half_precision_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "corpus_tools.transcription.recognisers.funasr.version", lambda name: "1.4.16"
    )
    with pytest.raises(ConfigurationError, match="single precision only; leave --fp16 out"):
        FunasrRecogniser(options("paraformer-zh", fp16=True))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, bool]]:
    """ModelScope without a network: it writes a folder, unless it may only look."""
    calls: list[tuple[str, bool]] = []

    def snapshot_download(name: str, local_files_only: bool = False) -> str:
        calls.append((name, local_files_only))
        folder = tmp_path / "cache" / name.replace("/", "--")
        if name == "li/broken":
            raise OSError("no route\nto host")
        if not folder.exists():
            if local_files_only:
                raise ValueError("not in the cache")
            folder.parent.mkdir()
            bare(folder)
        return str(folder)

    module = ModuleType("modelscope.hub.snapshot_download")
    module.snapshot_download = snapshot_download  # type: ignore[attr-defined]
    for name in ("modelscope", "modelscope.hub"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "modelscope.hub.snapshot_download", module)
    return calls


def test_a_name_is_downloaded_only_if_allowed_and_announced(hub: list[tuple[str, bool]]) -> None:
    said: list[str] = []
    with pytest.raises(DataError) as caught:
        find_folder("SenseVoice-small", False, said.append)
    assert "'iic/SenseVoiceSmall' is not in ModelScope's cache; give its folder" in str(
        caught.value
    )
    assert (hub, said) == ([("iic/SenseVoiceSmall", True)], [])
    found = find_folder("sensevoice-small", True, said.append)
    assert (found.name, hub[-1]) == ("SenseVoiceSmall", ("iic/SenseVoiceSmall", False))
    assert said == ["downloading iic/SenseVoiceSmall, about 1 GB, from ModelScope"]
    assert find_folder("iic/SenseVoiceSmall", False, said.append) == found
    assert len(said) == 1
    with pytest.raises(DataError, match=r"can't be downloaded \(no route to host\); get its"):
        find_folder("li/broken", True, said.append)


@pytest.mark.parametrize("name", ["large-v3", "../iic/x", "http://a/b", "a/b/c", "/nowhere"])
def test_what_is_no_name_of_a_model_is_never_looked_up(
    name: str, hub: list[tuple[str, bool]]
) -> None:
    with pytest.raises(DataError, match="neither a folder, nor paraformer-zh or sensevoice-small"):
        find_folder(name, True, print)
    assert not hub


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = bare(tmp_path / "model") / "model.pt"
    with pytest.raises(DataError, match="is a file; give the folder that it lies in"):
        find_folder(str(path), False, print)


def test_configuration_json_is_not_followed(tmp_path: Path) -> None:
    folder = bare(tmp_path / "model")
    metas = {"init_param": "/etc/other.pt", "config": "../config.yaml"}
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": metas}))
    assert "init_param" not in find_folder(str(folder), False, print).arguments
