"""Audio and text encoders, and their fusion."""

from models.encoders.audio import AudioEncoder
from models.encoders.fusion import BimodalClassifier
from models.encoders.text import TextCNN

__all__ = ["AudioEncoder", "BimodalClassifier", "TextCNN"]
