"""Bars and rates: how they are read, checked and asked. Pure functions over bytes and frames."""
