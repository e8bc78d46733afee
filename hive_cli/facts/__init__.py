"""Reading what is so: from the Dagster webserver, the execution daemon, the lake and the journal.

Nothing here changes anything, and nothing here prints.
"""
