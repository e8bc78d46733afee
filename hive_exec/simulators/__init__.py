"""Simulators of venues, for tests and proofs. Nothing that trades imports them."""
