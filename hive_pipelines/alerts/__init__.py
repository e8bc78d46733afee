"""Alerts: failed runs and failed asset checks, told to Slack once per fingerprint.

`incidents` reads failures and recoveries out of Dagster's records, `memory` knows which were told,
`message` words them, `slack` sends them, `sensor` ties them together. Nothing here decides whether
anything trades, and no asset belongs here.
"""
