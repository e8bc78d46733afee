"""Two clients that others wrote understand the simulator: it speaks as the venue does, not as we hope."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from oanda_bench import ACCOUNT_ID, TOKEN

SCRIPT = Path(__file__).parents[3] / "support" / "oanda_clients.py"
PACKAGES = ("v20==3.0.25.0", "pyyaml==6.0.3", "oandapyV20==0.7.2", "six", "setuptools<81")


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """An interpreter that has both clients, and shares nothing with the project's."""
    folder = Path(os.environ.get("HIVE_OANDA_CLIENTS") or tmp_path_factory.mktemp("clients"))
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        venv.create(folder, with_pip=True)
        command = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
        if installed.returncode:
            pytest.skip(
                f"the two independent OANDA clients cannot be installed here: {installed.stderr[-300:]}"
            )
    return interpreter


@pytest.mark.slow
def test_both_clients_trade_at_the_simulator(python, bench):
    assert sys.executable != str(python)
    port = bench.server.url.rpartition(":")[2]
    command = [python, "-W", "ignore", SCRIPT, "127.0.0.1", port, TOKEN, ACCOUNT_ID]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["v20"] == {
        "fill": ["ORDER_FILL", "1000.0", "MARKET_ORDER", "theirs-1"],
        "refused": [400, "INSTRUMENT_UNKNOWN"],
        "cancelled": "CLIENT_REQUEST",
        "account": ["USD", 1, True],
        "prices": ["EUR_USD", "XAU_USD"],
        "trade": ["OPEN", "1000.0", "1.095"],
        "log": [
            "LIMIT_ORDER",
            "LIMIT_ORDER_REJECT",
            "MARKET_ORDER",
            "ORDER_CANCEL",
            "ORDER_FILL",
            "STOP_LOSS_ORDER",
        ],
        "stream": ["pricing.ClientPrice", "pricing.PricingHeartbeat"],
        "closed": "MARKET_ORDER_TRADE_CLOSE",
    }
    assert said["oandapyV20"] == {
        "fill": ["ORDER_FILL", "-2", True],
        "refused": "404 ORDER_DOESNT_EXIST",
        "summary": 1,
        "instruments": 4,
        "pending": [],
        "positions": ["XAU_USD"],
        "open": ["XAU_USD"],
        "range": ["1", "2", "3"],
        "stream": ["PRICE", "HEARTBEAT"],
        "heard": "HEARTBEAT",
        "closed": "MARKET_ORDER_TRADE_CLOSE",
    }
