"""The samples on a fresh machine: real prices out of installed packages, rooms written for Hive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hive_cli.console import counted
from hive_cli.failure import Failure

if TYPE_CHECKING:
    from hive_core.landing.home import HiveHome
    from hive_core.landing.outcome import ImportOutcome


def bring_samples(home: HiveHome, *, received_ns: int) -> list[dict[str, str]]:
    """Land the sample prices and put the sample rooms into the inbox, where the sensor finds them.

    Prices land once; a room that landed before is not dropped again.

    Returns:
        For each file its name, the hash of its bytes, and what was done.

    Raises:
        Failure: the packages with the sample prices are not installed.
    """
    from hive_core.evidence.canonical import sha256_hex
    from hive_core.landing.home import publish
    from hive_core.landing.receipts import receipts
    from hive_core.market.embedded import (
        ECB_RATES_FILE,
        EURUSD_H1_FILE,
        MissingDemoData,
        embedded_ecb_rates,
        embedded_eurusd_h1,
        embedded_eurusd_h1_declaration,
    )
    from hive_core.market.importing import bars_of_receipt, import_bars, import_rates
    from hive_core.samples import sample_rooms

    try:
        rates, prices = embedded_ecb_rates(), embedded_eurusd_h1()
    except MissingDemoData as error:
        what, _, step = str(error).partition("; run: ")
        raise Failure(what, next_step=step) from None
    done = []
    outcome = import_rates(home, ECB_RATES_FILE, rates, received_ns=received_ns)
    done.append(_told("ECB reference rates", outcome))
    outcome = import_bars(
        home, EURUSD_H1_FILE, prices, embedded_eurusd_h1_declaration(), received_ns=received_ns
    )
    done.append(_told("EURUSD H1", outcome))
    landed = {receipt.payload_sha256: receipt.number for receipt in receipts(home)}
    for source, (name, payload, _) in sample_rooms(bars_of_receipt(home, outcome.receipt).frame).items():
        sha256 = sha256_hex(payload)
        number = landed.get(sha256)
        if number is None:
            publish(home.inbox / "messages" / source / name, payload)
        told = "dropped into the inbox" if number is None else f"landed before (receipt {number})"
        done.append({"file": f"{source}/{name}", "sha256": sha256, "did": told})
    return done


def _told(name: str, outcome: ImportOutcome) -> dict[str, str]:
    again = "" if outcome.is_new else ", landed before"
    told = f"{counted(outcome.accepted_rows, 'rows')}, receipt {outcome.receipt.number}{again}"
    return {"file": name, "sha256": outcome.receipt.payload_sha256, "did": told}
