"""What must be true of every table, and how the asset checks find out.

`schemas` holds what a row must be (pandera, blocking), `suites` runs what is plausible (Great
Expectations, from `expectations/`), `checks` turns both into asset checks. No asset belongs here.
"""
