"""Live feeds: processes that a user starts beside the flow and that only bring messages.

They stand here and not in the daemon, which trades what was decided and needs no way in for texts: a feed
shares nothing with it but the inbox. What the messages say belongs to hive_core.
"""
