"""Past prices as a clock and a quote stream for replay accounts."""
