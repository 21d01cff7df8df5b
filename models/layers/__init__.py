"""Neural network layers that encoders share: ODConv, CBAM, masking, and speaker normalisation.

A layer knows nothing of clips, settings or other layers, and can be used in other networks.
"""

from models.layers.cbam import CBAM
from models.layers.odconv import ODConv2d
from models.layers.speaker_norm import SpeakerNorm

__all__ = ["CBAM", "ODConv2d", "SpeakerNorm"]
