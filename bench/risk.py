"""Speed of the risk engine: decisions of the gate, and value at risk by simulation."""

from __future__ import annotations

from bench.gate_decisions import gate_rows
from bench.portfolio_risk import portfolio_rows
from bench.reporting import report


def main() -> None:
    """Measure everything, and write `.hive/bench/risk.json`."""
    report("risk", [*gate_rows(), *portfolio_rows()])


if __name__ == "__main__":
    main()
