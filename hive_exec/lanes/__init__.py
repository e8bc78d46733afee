"""Lanes: the ways on which signals reach the daemon's inbox besides its HTTP face, and the live lane, which
turns messages into decisions. What becomes of decisions belongs to `core`.
"""
