"""The Avro schemas of what crosses a boundary, one file a version. A published file never changes."""
