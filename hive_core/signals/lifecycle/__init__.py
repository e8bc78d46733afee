"""The life of each signal: from versions of messages, replies, edits and deletions to its state.

A pure function of the set of message versions: any order of arrival and any repetition gives the same.
What an update asks is read in `updates`; who votes with a signal is decided in `resolve`.
"""
