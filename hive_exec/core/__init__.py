"""The daemon's mind: pure functions from state and event to records and effects.

No input or output, no clock, no randomness. The shell around it lives beside this folder.
"""
