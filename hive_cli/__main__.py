"""`python -m hive_cli`: the same command without its script, for the processes that `hive up` starts."""

from hive_cli.main import main

main()
