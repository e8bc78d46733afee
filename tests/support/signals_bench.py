"""Submissions of signals and messages, by hand."""

from __future__ import annotations

import json
from typing import Any


def a_message(number: int = 1, *, ts_event_ns: int, **changes: Any) -> dict[str, Any]:
    """A submission of a raw message."""
    message = {
        "source": "live_room",
        "message_id": f"m{number}",
        "ts_event_ns": ts_event_ns,
        "text": f"BUY EURUSD 1.0600 SL 1.0580 TP 1.0630 #{number}",
    }
    return {"message": {**message, **changes}}


def a_signal(number: int = 1, *, ts_event_ns: int, **changes: Any) -> dict[str, Any]:
    """A submission of a parsed signal."""
    signal = {
        "signal_id": f"s{number}",
        "timestamp": ts_event_ns // 1_000_000,
        "symbol": "EURUSD",
        "direction": "buy",
        "entry": "1.0600",
        "stop_loss": "1.0580",
        "take_profit": "1.0630",
        "source": "live_room",
    }
    return {"signal": {**signal, **changes}}


def key_of(body: dict[str, Any]) -> str:
    """The key of a submission, spelled from its fields."""
    if "message" in body:
        told = body["message"]
        return f"message:{told['source']}:{told['message_id']}:{told.get('version', 1)}"
    return f"signal:{body['signal']['source']}:{body['signal']['signal_id']}"


def post_signal(client: Any, body: dict[str, Any], key: str | None = None) -> Any:
    """Post it under its key, as JSON."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key or key_of(body)}
    return client.post("/signals", content=json.dumps(body).encode(), headers=headers)
