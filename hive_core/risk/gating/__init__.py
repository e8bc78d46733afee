"""The gate: ordered pure rules between an intent and an order, over a book that knows its own worst case."""
