"""What crosses a boundary: between processes, between packages, into the journal.

Only frozen data and its strict parsing belongs here; what is done with it does not.
"""
