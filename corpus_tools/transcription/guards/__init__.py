"""Guards: flags on recognised text that was probably not spoken.

Here belong checks of one text or of a source's texts; they flag, and never change a text.
"""
