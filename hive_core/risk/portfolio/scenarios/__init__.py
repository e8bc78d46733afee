"""Stress scenarios and windows of history as data. Read by `scenario_files`; no code here."""
