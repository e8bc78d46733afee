"""What machines send instead of prose: alerts, JSON objects, Avro and CSV records, each as a message.

A record becomes a message whose text is the record's canonical JSON; `machine_text` reads such texts
back. So there is one path for all: message, then verdicts. The prose of people belongs to the parser.
"""
