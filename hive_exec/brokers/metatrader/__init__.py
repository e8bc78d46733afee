"""MetaTrader 5: the adapter, the bridge that runs beside the terminal, and what both agree on.

The vendor's `MetaTrader5` package exists for Windows only, so it is never imported here: `bridge` is a
small server that runs there, everything else speaks to it. Facts are those of the vendor's documentation
(mql5.com: "Python integration", "Trade constants", "Return codes of the trade server").
"""
