"""A simulator of MetaTrader 5: trade server, terminal, and the vendor's `MetaTrader5` package over them.

It is a simulator. It follows the vendor's documentation (mql5.com): "Python integration" for the functions
and their rows, "Trade constants" for actions, filling and order states, "Return codes of the trade server",
"Symbol properties" for stops level, freeze level, volumes and execution modes, "Position properties" for
netting and hedging. Where the documentation is silent the choice is said at the place. Not modelled: depth
of market, margin calls, conversion of profit (the account's currency is the quote currency).
"""
