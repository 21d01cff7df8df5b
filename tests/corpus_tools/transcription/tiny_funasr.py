"""Tiny models of FunASR with random weights, in folders laid out as those published."""

import json
from pathlib import Path
from typing import Any

import sentencepiece
import yaml

TAGS = [
    *("zh", "yue", "en", "ja", "ko", "nospeech"),
    *("HAPPY", "SAD", "ANGRY", "NEUTRAL", "EMO_UNKNOWN"),
    *("BGM", "Speech", "Applause", "Laughter", "Cry", "withitn", "woitn"),
]
CHARACTERS = "我你他在家吃饭喝茶要得巴适啥子莫得晓得今天明天好了"
FRONTEND = {
    "fs": 16000,
    "window": "hamming",
    "n_mels": 80,
    "frame_length": 25,
    "frame_shift": 10,
    "lfr_m": 7,
    "lfr_n": 6,
}
SIZES: dict[str, Any] = {"attention_heads": 2, "linear_units": 32, "kernel_size": 11}
SPREAD: dict[str, Any] = {"input_layer": "pe", "pos_enc_class": "SinusoidalPositionEncoder"}
KINDS: dict[str, dict[str, Any]] = {
    "Paraformer": {
        "predictor": "CifPredictorV2",
        "predictor_conf": {"idim": 16, "threshold": 1.0, "l_order": 1, "r_order": 1},
    },
    "BiCifParaformer": {},
    "ContextualParaformer": {
        "decoder": "ContextualParaformerDecoder",
        "predictor": "CifPredictorV2",
        "predictor_conf": {"idim": 16, "threshold": 1.0, "l_order": 1, "r_order": 1},
        "model_conf": {"inner_dim": 16, "bias_encoder_type": "lstm"},
    },
    "SeacoParaformer": {
        "seaco_decoder": "ParaformerSANMDecoder",
        "seaco_decoder_conf": SIZES
        | {"num_blocks": 2, "att_layer_num": 2, "sanm_shfit": 0}
        | {"wo_input_layer": True, "use_output_layer": False},
        "model_conf": {
            "inner_dim": 16,
            "bias_encoder_type": "lstm",
            "bias_encoder_bid": False,
            "train_decoder": True,
            "NO_BIAS": 1,
        },
    },
}


def write_sensevoice(folder: Path, tags: str = "", text: str = "") -> Path:
    """Write a SenseVoiceSmall; given tags or a text, its only output is the last token of them."""
    folder.mkdir(parents=True)
    sentences = [CHARACTERS[at : at + 9] for at in range(len(CHARACTERS) - 9)] + ["hello world"] * 9
    (folder / "sentences.txt").write_text("\n".join(sentences), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "sentences.txt"),
        model_prefix=str(folder / "chn_jpn_yue_eng_ko_spectok.bpe"),
        vocab_size=90,
        hard_vocab_limit=False,
        user_defined_symbols=[f"<|{tag}|>" for tag in TAGS],
        character_coverage=1.0,
        minloglevel=2,
    )
    config = {
        "model": "SenseVoiceSmall",
        "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": SIZES
        | SPREAD
        | {
            "output_size": 16,
            "num_blocks": 2,
            "tp_blocks": 1,
            "sanm_shfit": 0,
            "selfattention_layer_type": "sanm",
            "normalize_before": True,
        },
        "tokenizer": "SentencepiecesTokenizer",
        "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
    }
    bpe = folder / "chn_jpn_yue_eng_ko_spectok.bpe.model"
    _write(folder, config, {"bpemodel": str(bpe)}, {"bpemodel": bpe.name})
    if tags or text:
        _utter(folder, sentencepiece.SentencePieceProcessor(str(bpe)).encode(tags + text)[-1])
    return folder


def write_paraformer(folder: Path, kind: str = "SeacoParaformer") -> Path:
    """Write a Paraformer of one of the `KINDS`."""
    folder.mkdir(parents=True)
    tokens = ["<blank>", "<s>", "</s>", *dict.fromkeys(CHARACTERS), "pia@@", "no", "ok", "<unk>"]
    (folder / "tokens.json").write_text(json.dumps(tokens), encoding="utf-8")
    seg_dict = [f"{one} {one}" for one in dict.fromkeys(CHARACTERS)]
    (folder / "seg_dict").write_text("\n".join(seg_dict), encoding="utf-8")
    more = KINDS[kind]
    config = {
        "model": kind,
        "model_conf": {"ctc_weight": 0.0, "predictor_weight": 1.0, "predictor_bias": 1}
        | more.get("model_conf", {}),
        "encoder": "SANMEncoder",
        "encoder_conf": SIZES
        | SPREAD
        | {
            "output_size": 16,
            "num_blocks": 2,
            "sanm_shfit": 0,
            "selfattention_layer_type": "sanm",
            "normalize_before": True,
        },
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": SIZES | {"num_blocks": 2, "att_layer_num": 2, "sanm_shfit": 0},
        "predictor": "CifPredictorV3",
        "predictor_conf": {
            "idim": 16,
            "threshold": 1.0,
            "l_order": 1,
            "r_order": 1,
            "tail_threshold": 0.45,
            "smooth_factor2": 0.25,
            "noise_threshold2": 0.01,
            "upsample_times": 3,
            "use_cif1_cnn": False,
            "upsample_type": "cnn_blstm",
        },
        "ctc_conf": {"dropout_rate": 0.0, "ctc_type": "builtin"},
        "normalize": None,
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        **{key: value for key, value in more.items() if key != "model_conf"},
    }
    names = {"token_list": "tokens.json", "seg_dict_file": "seg_dict"}
    _write(folder, config, {"token_list": str(folder / "tokens.json")}, names)
    return folder


def _write(
    folder: Path, config: dict[str, Any], tokenizer: dict[str, str], names: dict[str, str]
) -> None:
    import torch
    from funasr import AutoModel

    config |= {
        "frontend": "WavFrontend",
        "frontend_conf": FRONTEND,
        "specaug": "SpecAugLFR",
        "specaug_conf": {"apply_time_warp": False, "time_mask_width_range": [0, 12]},
        "train_conf": {"max_epoch": 1},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    metas = {
        "init_param": "model.pt",
        "config": "config.yaml",
        "tokenizer_conf": names,
        "frontend_conf": {"cmvn_file": "am.mvn"},
    }
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": metas}))
    for name, value in (("AddShift", -8), ("Rescale", 0.3)):
        numbers = " ".join([str(value)] * 560)
        line = f"<{name}> 560 560\n<LearnRateCoef> 0 [ {numbers} ]\n"
        with (folder / "am.mvn").open("a") as file:
            file.write(line)
    model, _ = AutoModel.build_model(
        **config
        | {"tokenizer_conf": config["tokenizer_conf"] | tokenizer, "device": "cpu", "ncpu": 1}
    )
    torch.save(model.state_dict(), folder / "model.pt")


def _utter(folder: Path, token: int) -> None:
    import torch

    state = torch.load(folder / "model.pt", weights_only=True)
    state["ctc.ctc_lo.weight"].zero_()
    state["ctc.ctc_lo.bias"].fill_(0.0)[token] = 9.0
    torch.save(state, folder / "model.pt")
