"""Python interface of a corpus folder: what ``from corpus_tools import Corpus`` gives.

Here belong thin calls of the steps, with the settings of corpus.toml and the lock; the command line
and the demo use them too. The work of a step and its output don't belong here.
"""
