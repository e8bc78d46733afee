"""Pages that a command writes: one file each, nothing loaded from elsewhere, readable on a phone."""
