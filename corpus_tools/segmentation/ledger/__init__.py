"""State of a source in the corpus: its decisions, the ledger of its seconds, and their writing.

Only here are the shards of cutting and screening written, in an order that makes a kill harmless.
How clips are found and judged belongs in the other sub-packages.
"""
