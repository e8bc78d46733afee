"""What a user may set, in one frozen model, read from `hive.toml`; every mistake is told at once."""
