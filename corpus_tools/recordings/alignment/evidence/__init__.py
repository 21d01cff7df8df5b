"""Evidence for the aligner: durations, recognised text, retakes, other speakers' readings.

Here belongs each source of log-likelihood ratios; how they are added up belongs in the aligner.
"""
