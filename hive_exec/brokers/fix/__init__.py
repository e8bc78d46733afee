"""FIX 4.4: wire, dictionary, session, and the adapter that fits the broker port.

`simplefix` writes the bytes; framing, decoding and the session are ours, because what must never happen
(an order sent again) is decided there. Other protocols have packages of their own.
"""
