"""Speed and size, measured side by side in one run; rerun by `make bench ONLY=<suite>`."""
