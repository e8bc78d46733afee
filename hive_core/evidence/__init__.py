"""Canonical bytes, hashes and the hash chain: what makes a claim checkable afterwards.

Keys, signatures and certificates will live here too; storage does not.
"""
