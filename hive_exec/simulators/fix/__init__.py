"""A simulated FIX 4.4 venue for tests and proofs: never part of a trading daemon.

It follows the published semantics of FIX 4.4 (volumes 2 and 4, appendix D for duplicates) over a real
socket, and breaks them on purpose by a seeded fault script.
"""
