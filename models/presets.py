"""Presets of section [train]: values for the keys that are not set."""

from typing import Any

__all__ = ["PRESETS", "TEXT_ALONE"]

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": {
        "batch_size": 32,
        "epochs": 50,
        "lr": 1e-5,
        "weight_decay": 1e-3,
        "optimiser": "adam",
        "schedule": "constant",
        "balance": False,
        "soft_labels": False,
        "smoothing": 0.0,
        "speeds": (),
        "mask": 0.0,
        "branches": "together",
        "drop_text": 0.0,
        "keep": "best",
        "normalise": "corpus",
        "strangers": 0.0,
        "adapt": False,
        "max_seconds": 12.0,
        "features": {
            "n_mfcc": 40,
            "n_mels": 64,
            "window_ms": 25.0,
            "hop_ms": 10.0,
            "deltas": False,
            "pitch": False,
        },
        "audio": {
            "layout": "image",
            "channels": 32,
            "dynamic": True,
            "kernels": 4,
            "attention": True,
            "merge": "sum",
            "pooling": "mean",
            "hidden": 0,
            "speaker_norm": False,
            "dropout": 0.0,
            "functionals": False,
        },
        "words": {
            "kind": "cnn",
            "word2vec": True,
            "size": 300,
            "max_words": 50,
            "pad": True,
            "units": "words",
            "filters": 100,
            "widths": (3, 4, 5),
            "run_size": 0,
            "tune": True,
            "blank": 0.0,
            "input_dropout": 0.0,
            "dropout": 0.5,
        },
    },
}
"""Values of each preset. ``paper`` sets every key that defines the model, so that later changes to
the defaults don't affect it. Choices that the paper leaves open: docs/explanation/paper.md."""

TEXT_ALONE: dict[str, Any] = {
    "epochs": 4,
    "least_steps": 64,
    "batch_size": 128,
    "lr": 3e-3,
    "weight_decay": 1e-2,
    "optimiser": "adamw",
    "balance_power": 0.75,
}
"""Values of the default preset for text-only models, which overfit within a few epochs."""
