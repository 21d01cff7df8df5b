"""From votes to labels: majority, weighted votes, Dawid and Skene's model.

Here belong the vote table and the aggregation of one clip's votes. Figures about annotators belong
in `annotation.reliability`.
"""
