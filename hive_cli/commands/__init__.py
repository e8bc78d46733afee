"""One module a command. At module level only what `hive --help` needs: typer and the standard library."""
