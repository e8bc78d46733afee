"""Scorecards: what a source's signals earned by the bars, how sure that is, and what its voice is worth.

Everything here looks back: at signals that passed validation, and at bars and posts after them. Nothing
of it judges a single signal, and no account stands in it.
"""
