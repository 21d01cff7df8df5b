"""Pretrained encoders in the format of Hugging Face ``transformers``: ``hf:PATH`` or ``hf:NAME``.

Only weights in safetensors and configurations in JSON are read, and no code of a model is run.
Nothing is downloaded: a name is that of a model in the local cache of the hub.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.base.errors import ConfigurationError
from manifests.base.plugins import reason
from models.config.pretrained import PREFIX

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Pretrained"]


@dataclass(frozen=True)
class Pretrained:
    """Pretrained encoder of this name; its files are looked at when they are needed."""

    name: str

    @cached_property
    def folder(self) -> Path:
        """Folder with its files.

        Raises:
            ConfigurationError: if there is none, or it has no model with safe weights.
        """
        given = self.name.removeprefix(PREFIX)
        folder = Path(given).expanduser()
        if not folder.is_dir():
            folder = _cached(given)
        if not (folder / "config.json").is_file():
            raise ConfigurationError(
                f"{self.name}: {folder} has no config.json, so it isn't a model of transformers; "
                f"name the folder that save_pretrained wrote"
            )
        if not list(folder.glob("*.safetensors")):
            others = sorted(
                path.name for kind in ("*.bin", "*.pt", "*.ckpt") for path in folder.glob(kind)
            )
            found = f" ({others[0]} may run code when it is read)" if others else ""
            raise ConfigurationError(
                f"{self.name}: {folder} has no weights in safetensors{found}; save them anew with "
                f"save_pretrained(FOLDER, safe_serialization=True), or take another model"
            )
        return folder

    @cached_property
    def config(self) -> dict[str, Any]:
        """Content of its config.json; ConfigurationError if it isn't one."""
        return self._json("config.json")

    @property
    def width(self) -> int:
        """Dimensions of its vectors."""
        width = self.config.get("hidden_size")
        if not isinstance(width, int) or not 1 <= width <= _WIDEST:
            raise ConfigurationError(
                f"{self.name}: its config.json gives no hidden_size, so it is no encoder with "
                f"vectors of one size; take another model"
            )
        return width

    def preprocessing(self) -> dict[str, Any]:
        """Return the content of preprocessor_config.json; empty without one."""
        name = "preprocessor_config.json"
        return self._json(name) if (self.folder / name).is_file() else {}

    def fingerprint(self) -> str:
        """Return a fingerprint of its weights, configuration and vocabulary."""
        files = [
            path
            for path in sorted(self.folder.iterdir())
            if path.suffix in _READ and path.is_file() and path.name not in _NOT_READ
        ]
        return _fingerprint(
            tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in files)
        )

    def load(self) -> "nn.Module":
        """Return the encoder, in evaluation mode and without gradients.

        Raises:
            ConfigurationError: if ``transformers`` is missing, or the weights can't be read or are
                not those of this architecture.
        """
        transformers = self.library()
        try:
            model, report = transformers.AutoModel.from_pretrained(
                self.folder,
                trust_remote_code=False,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
        except Exception as error:
            raise ConfigurationError(
                f"{self.name}: the model can't be loaded ({reason(error)[:300]}); fetch it again, "
                f"or take another"
            ) from error
        missing = sorted(name for name in report["missing_keys"] if not name.startswith(_UNUSED))
        if missing or report.get("mismatched_keys"):
            raise ConfigurationError(
                f"{self.name}: its weights lack {len(missing)} of the encoder's arrays"
                f"{f', such as {missing[0]}' if missing else ' or have others of their shape'}; "
                f"fetch it again, or take another"
            )
        model.eval().requires_grad_(False)
        encoder: nn.Module = model
        return encoder

    def library(self) -> Any:
        """Return the module ``transformers``; ConfigurationError if it isn't installed."""
        try:
            import transformers
        except ImportError as error:
            raise ConfigurationError(
                f"{self.name} needs transformers; install it with: "
                f"pip install 'corpus-tools[transformers]'"
            ) from error
        library: Any = transformers
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
        return library

    def _json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"{path}: not valid JSON ({error}); fetch the model again"
            ) from error
        if not isinstance(content, dict):
            raise ConfigurationError(f"{path}: not the description of a model; fetch it again")
        return content


def _cached(name: str) -> Path:
    """Return the folder of a model in the hub's local cache."""
    problem = f"{PREFIX}{name}: no such folder"
    if Path(name).is_absolute() or name.startswith((".", "~")) or name.count("/") > 1 or not name:
        raise ConfigurationError(f"{problem}; name the folder that holds the model's config.json")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise ConfigurationError(
            f"{problem}; for a model of the hub install: pip install 'corpus-tools[transformers]'"
        ) from error
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"{problem}, nor a model in the local cache of the hub; fetch it once with: "
            f"hf download {name}"
        ) from error


@cache
def _fingerprint(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, size, _ in files:
        digest.update(f"{path.name}\0{size}\0".encode())
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


_READ = {".json", ".safetensors", ".txt", ".model"}
_NOT_READ = {"training_args.json", "trainer_state.json", "README.txt", "LICENSE.txt"}
_UNUSED = ("pooler.", "masked_spec_embed")  # some models lack them; we don't use them
_BLOCK = 1 << 24  # bytes
_WIDEST = 1 << 16
