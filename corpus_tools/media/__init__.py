"""Audio of media files: tracks, decoding to 16 kHz mono, levels, and clips as WAV files.

Here belongs what knows files and samples but neither speech nor the corpus folder. Subtitles belong
to `corpus_tools.subtitles`, voice activity to `corpus_tools.segmentation.voice`.
"""
