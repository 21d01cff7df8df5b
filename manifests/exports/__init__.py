"""Exports of a version for other tools: one module per format, the registry and the audio.

Reading other formats belongs in `corpus_tools.importing`.
"""
