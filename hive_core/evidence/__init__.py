"""Canonical bytes, hashes, the hash chain, the Merkle tree and signatures: what makes a claim checkable
afterwards.

Certificates will live here too; the storage of what is hashed and signed does not.
"""
