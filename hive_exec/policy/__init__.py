"""Policy: a second look at orders that add risk, by Rego policies. It can only restrict.

Asking an engine belongs here, and what counts as an answer. The policies stand in `policies/`; whether an
order is sent is decided where the gate's verdict and this answer come together.
"""
