"""Acoustic features of pretrained encoders, for the audio branch of the model.

An extractor is named by an entry point of the group ``corpus_tools.features``; its weights are a
file that the user names, never one inside a corpus.
"""
