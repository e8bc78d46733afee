"""The risk of a book as a whole: value at risk, correlation, currency exposure, stress. No limits here."""
