"""Import of other corpora: their tables, labels, speakers, texts and splits.

Here belongs what reads foreign formats and turns their rows into clips, judgements and a given
split; the records themselves and the cutting are those of the other packages.
"""
