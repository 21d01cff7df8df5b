"""Repeats in a corpus: fingerprints of clips, search for them, and choice of the clip to accept."""
