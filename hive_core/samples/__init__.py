"""Sample rooms, written for the project over real EURUSD prices. They are samples, never evidence.

Three rooms in three styles of message and three file formats, each with its quality declared: one with
a written-in edge, one random, one wrong in every way a room can be. Everything is made from a seed;
nothing but the bars decides what stands in them.
"""

from hive_core.samples.rooms import sample_rooms

__all__ = ["sample_rooms"]
