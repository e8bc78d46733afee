"""The journal: append-only, hash-chained, durable before anything is answered or sent."""
