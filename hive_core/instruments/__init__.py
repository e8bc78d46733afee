"""Instrument specifications and the names that brokers and rooms give them."""
