"""Acoustic features of clips: extractors, functionals, normalisation and the cache on disk.

Everything between the samples of a clip and the input of the audio branch belongs here; nothing in
it imports torch. A feature extractor of another package is found by its entry point.
"""
