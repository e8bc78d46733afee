"""The execution daemon: durable inbox, pure core, journal, brokers, and its HTTP face.

It imports neither Dagster nor anything that learns; it meets the pipelines on the wire.
"""
