"""OpenLineage: what every run read, wrote and checked, told to a file and to a collector.

`story` reads a run out of Dagster's records, `events` turns it into OpenLineage events, `emit`
writes and sends them, `sensor` ties them together. It follows the event log from outside, so that
a dead collector can neither fail nor delay an asset. No asset belongs here.
"""
