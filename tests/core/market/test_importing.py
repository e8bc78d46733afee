"""An import lands bytes with a receipt, or refuses the file and leaves nothing."""

import pytest

from hive_core.contracts.rejection import RefusedFile
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import read_payload, receipts
from hive_core.market.importing import bars_of_receipt, import_bars, import_rates, rates_of_receipt

TEXT = (
    "time,open,high,low,close\n"
    "2024-01-08 01:00:00,1.10,1.12,1.09,1.11\n"
    "2024-01-08 02:00:00,1.10,1.08,1.09,1.11\n"
    "2024-01-08 03:00:00,1.11,1.12,1.10,1.11\n"
)


@pytest.fixture
def home(tmp_path):
    return HiveHome(tmp_path / "home")


def test_an_import_keeps_the_bytes_the_declaration_the_facts_and_the_rejections(home, declare):
    outcome = import_bars(home, "mine.csv", TEXT.encode(), declare(), received_ns=7)
    assert outcome.is_new
    assert outcome.accepted_rows == 2
    assert [(row.row, row.column) for row in outcome.rejected] == [(3, "high")]
    (kept,) = receipts(home)
    assert kept == outcome.receipt
    assert read_payload(home, kept.payload_sha256) == TEXT.encode()
    assert dict(kept.declaration) == declare().as_text()
    assert kept.kind == "bars"
    assert dict(kept.facts) == {
        "rows": 2,
        "first_ts": "2024-01-08T01:00:00Z",
        "last_ts": "2024-01-08T03:00:00Z",
        "symbol": "EURUSD",
        "timeframe": "H1",
        "sides": "bid",
    }


def test_the_same_file_lands_once_and_another_declaration_of_it_again(home, declare):
    first = import_bars(home, "mine.csv", TEXT.encode(), declare(), received_ns=7)
    again = import_bars(home, "copy.csv", TEXT.encode(), declare(), received_ns=8)
    assert (again.is_new, again.receipt) == (False, first.receipt)
    other = import_bars(home, "mine.csv", TEXT.encode(), declare(side="ask"), received_ns=9)
    assert (other.is_new, other.receipt.number) == (True, 2)


def test_a_refused_file_leaves_nothing(home, declare):
    points = b"time,open,high,low,close\n2024-01-08 01:00:00,110000,112000,109000,111000\n"
    with pytest.raises(RefusedFile, match="divide by 100000"):
        import_bars(home, "points.csv", points, declare(), received_ns=7)
    assert list(receipts(home)) == []
    assert not home.root.exists()


def test_landed_bars_parse_again_to_the_same_frame(home, declare):
    declaration = declare(time_zone="Etc/GMT+5", price_scale="1")
    outcome = import_bars(home, "mine.csv", TEXT.encode(), declaration, received_ns=7)
    parsed = bars_of_receipt(home, outcome.receipt)
    assert parsed.frame["ts_open"].dt.hour().to_list() == [6, 8]
    assert set(parsed.frame["landing_sha256"]) == {outcome.receipt.payload_sha256}
    assert parsed.rejected == outcome.rejected


def test_bytes_that_changed_since_they_landed_are_not_parsed(home, declare):
    outcome = import_bars(home, "mine.csv", TEXT.encode(), declare(), received_ns=7)
    sha256 = outcome.receipt.payload_sha256
    (home.landing / "payloads" / sha256[:2] / sha256).write_text(TEXT.replace("1.11", "1.115"))
    with pytest.raises(ValueError, match="changed since they landed"):
        bars_of_receipt(home, outcome.receipt)


def test_reference_rates_land_and_parse_again(home):
    payload = b"Date,USD,JPY,\n2024-01-08,1.0946,158.2,\n2024-01-05,1.0921,x,\n"
    outcome = import_rates(home, "eurofxref-hist.csv", payload, received_ns=7)
    assert (outcome.is_new, outcome.accepted_rows, len(outcome.rejected)) == (True, 3, 1)
    assert dict(outcome.receipt.facts) == {
        "rows": 3,
        "first_ts": "2024-01-05",
        "last_ts": "2024-01-08",
        "currencies": 2,
    }
    frame, rejected = rates_of_receipt(home, outcome.receipt)
    assert len(frame) == 3
    assert rejected == outcome.rejected
    assert not import_rates(home, "again.csv", payload, received_ns=8).is_new
