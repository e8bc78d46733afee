"""One small module a file format: bytes to named text cells. What the cells are worth is not told here."""
