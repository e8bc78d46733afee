"""Seeds that once found something. Each run of the proofs makes them again."""

from __future__ import annotations

REGRESSION_SEEDS = (1, 3, 277, 339, 214, 266, 1007, 922802478, 87314911, 20170971)
"""1, 3, 277, 339: approved by a person while the account stood stopped. 214, 266: an order that left long
after it was intended was held for never arrived while it was under way. 1007: a breaker that tripped again
became a looser one. 922802478: of many that waited one was denied at each tick, and the last not in time.
87314911: an exit that overtook the last fill was thrown away, and the position stayed open here for ever.
20170971: the simulated venue filled 0.01 lots "in part", for nothing."""
