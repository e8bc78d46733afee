"""What came in, as it came: bytes under their hash, and a numbered receipt for each arrival.

The only room of hive_core that touches files; the command, the pipelines and the daemon share it.
"""
