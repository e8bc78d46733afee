"""A venue as a fold: an account's book and an input give reports and the next book. No clock, no I/O.

The paper venue of the daemon, the broker of simulations and the backtest fill orders with this code.
"""
