"""From messages to decisions: read -> parse -> validate -> enrich -> resolve, and score.

Pure functions on frames of one row or a million. Nothing here knows Dagster or a file.
"""
