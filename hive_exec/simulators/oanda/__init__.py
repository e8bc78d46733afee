"""A simulator of OANDA's v20 venue that follows its published semantics, over real HTTP on loopback.

It is a simulator: no order here reaches anybody. Published: transaction definitions, order, trade and
position definitions, streaming. It shares no code with the adapter, so that a misreading of the
documents is not made on both sides at once.
"""
