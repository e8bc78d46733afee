"""The `hive` command: starts and stops the services, brings data in, and tells what happened.

It imports the domain and the daemon's readers, never the pipelines: those it starts as a process and
asks over HTTP. Nothing heavy is imported before the command that needs it.
"""
