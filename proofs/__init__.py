"""Claims with a number that is not a speed, each rerun by `make prove ONLY=<suite>`."""
