"""How orders fill on prices, and what that costs. One code for backtest, scoring and paper trading."""
