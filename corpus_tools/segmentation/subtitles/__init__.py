"""Subtitles of a source: their records, their synchronisation with the sound, their speakers.

Here belongs what relates subtitles to the sound of a film. Reading subtitle files and tracks
belongs to `corpus_tools.subtitles`, making transcripts of them to `corpus_tools.transcription`.
"""
