"""What a FIX session is told and what it answers with: settings, phases, events, steps. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hive_exec.brokers.fix.decoding import Message


class Role(StrEnum):
    """Who opens the session."""

    INITIATOR = "initiator"
    ACCEPTOR = "acceptor"


class Phase(StrEnum):
    """Where a connection stands."""

    AWAITING_LOGON = "awaiting_logon"
    LOGGED_ON = "logged_on"
    LOGGING_OUT = "logging_out"
    ENDED = "ended"


class NotLoggedOn(RuntimeError):
    """An application message was to be sent outside an established session."""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Who speaks to whom, and by which times. Times in seconds.

    `accepted_types` are the application messages that this side understands. `username` and `password`
    travel in the Logon of an initiator. `reset_on_logon` asks both sides to begin with number 1.
    """

    role: Role
    sender_comp_id: str
    target_comp_id: str
    accepted_types: frozenset[str]
    sender_sub_id: str = ""
    target_sub_id: str = ""
    heartbeat_s: int = 30
    logon_timeout_s: int = 10
    logout_timeout_s: int = 5
    resend_timeout_s: int = 10
    sending_time_tolerance_s: int = 120
    reset_on_logon: bool = False
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something that whoever runs the session should know. `kind` is one of:

    logged_on, logged_out (the other side said so), ended (why the connection must be closed),
    garbled, gap (messages are missing and were asked for), resend_asked (the other side misses some),
    numbers_reset, refused (we rejected a message: it was not delivered), rejected (the other side
    rejected ours: `reference` is its sequence number), odd (harmless, but not as it should be).
    """

    kind: str
    text: str = ""
    reference: int = 0


@dataclass(slots=True)
class Step:
    """What follows: bytes to send in this order, application messages in their order, and events."""

    outgoing: list[bytes] = field(default_factory=list)
    delivered: list[Message] = field(default_factory=list)
    events: list[SessionEvent] = field(default_factory=list)
    must_disconnect: bool = False
