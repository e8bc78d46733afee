"""The processes that `hive up` starts: what they are, how one is started, known again and stopped."""
