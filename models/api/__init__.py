"""Public functions on runs: what `models.train`, `models.evaluate` and `models.load` are.

Here belong thin calls of training, evaluation and prediction; their work belongs in those packages.
"""
