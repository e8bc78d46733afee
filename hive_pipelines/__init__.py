"""Dagster over the domain: thin assets, checks, sensors and resources. It decides nothing itself."""
