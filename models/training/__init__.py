"""Training: from a manifest version to a run folder, and series of runs over folds and seeds.

`run` reads the clips and writes the folder; `loop` trains; the other modules are its parts. Metrics
are in :mod:`models.evaluation`, the trained model in :mod:`models.model`.
"""
