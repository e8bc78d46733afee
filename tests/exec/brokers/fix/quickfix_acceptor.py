"""An acceptor on QuickFIX, an independent FIX engine, run by the interpreter of its own environment.

Fills every order, and writes each that comes to a file before it answers. Commands come on standard input:
`gap` uses up a number, `everything` makes it ask for all messages again. Never imported by a test.
"""

from __future__ import annotations

import sys
from pathlib import Path

import quickfix as fix

CONFIGURATION = """[DEFAULT]
ConnectionType=acceptor
SocketAcceptPort={port}
SocketReuseAddress=Y
FileStorePath={store}
StartTime=00:00:00
EndTime=00:00:00
UseDataDictionary=Y
DataDictionary={dictionary}
ValidateUserDefinedFields=N
[SESSION]
BeginString=FIX.4.4
SenderCompID=VENUE
TargetCompID=HIVE
"""


def text(message: fix.Message, tag: int) -> str:
    held = fix.StringField(tag)
    message.getField(held)
    return held.getString()


class Venue(fix.Application):
    """Answers orders and questions about them."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log
        self.session = None
        self.executions = 0

    def note(self, line: str) -> None:
        with self._log.open("a") as log:
            log.write(line + "\n")

    def onCreate(self, session) -> None:  # noqa: N802 - named by QuickFIX
        self.session = session

    def onLogon(self, session) -> None:  # noqa: N802
        self.note("logon")

    def onLogout(self, session) -> None:  # noqa: N802
        self.note("logout")

    def toAdmin(self, message, session) -> None:  # noqa: N802
        kind = fix.MsgType()
        message.getHeader().getField(kind)
        if kind.getValue() in {"2", "3"}:
            self.note(f"sent {kind.getValue()}")

    def fromAdmin(self, message, session) -> None:  # noqa: N802
        kind = fix.MsgType()
        message.getHeader().getField(kind)
        if kind.getValue() in {"3", "4"}:
            self.note(f"got {kind.getValue()}")

    def toApp(self, message, session) -> None:  # noqa: N802
        pass

    def fromApp(self, message, session) -> None:  # noqa: N802
        kind = fix.MsgType()
        message.getHeader().getField(kind)
        if kind.getValue() == "D":
            name = text(message, 11)
            self.note(f"order {name}")
            self.report(message, session, name, "0", "0", "0")
            self.report(message, session, name, "F", "2", text(message, 38))
        elif kind.getValue() == "H":
            name = text(message, 11)
            known = f"order {name}" in self._log.read_text().splitlines()
            self.report(message, session, name, "I", "2" if known else "8", "20000" if known else "0")

    def report(self, order, session, name: str, kind: str, status: str, filled: str) -> None:
        self.executions += 1
        message = fix.Message()
        message.getHeader().setField(fix.BeginString("FIX.4.4"))
        message.getHeader().setField(fix.MsgType("8"))
        values = {
            **{
                37: f"v-{name}" if status != "8" else "NONE",
                17: f"e{self.executions}",
                150: kind,
                39: status,
            },
            **{11: name, 55: text(order, 55), 54: text(order, 54), 151: "0", 14: filled, 6: "1.1001"},
            60: "20260921-13:33:20.000",
        }
        if kind == "F":
            values |= {32: filled, 31: "1.1001", 6002: text(order, 6002)}
        if status == "8":
            values[103] = "5"
        for tag, value in values.items():
            message.setField(fix.StringField(tag, value))
        fix.Session.sendToTarget(message, session)


def main(port: str, folder: str) -> None:
    home = Path(folder)
    found = sorted(Path(sys.prefix).glob("share/quickfix/FIX44.xml"))
    if not found:
        sys.exit("QuickFIX's FIX44.xml is not in its environment")
    configuration = home / "acceptor.cfg"
    configuration.write_text(CONFIGURATION.format(port=port, store=home / "store", dictionary=found[0]))
    venue = Venue(home / "log")
    # QuickFIX does not hold what it is given: names keep it alive.
    settings = fix.SessionSettings(str(configuration))
    store = fix.FileStoreFactory(settings)
    acceptor = fix.SocketAcceptor(venue, store, settings)
    acceptor.start()
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    for line in sys.stdin:
        session = fix.Session.lookupSession(venue.session)
        if line.strip() == "gap":
            session.setNextSenderMsgSeqNum(session.getExpectedSenderNum() + 1)
        elif line.strip() == "everything":
            session.setNextTargetMsgSeqNum(1)
        print("done", flush=True)  # noqa: T201
    acceptor.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
