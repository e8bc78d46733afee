"""The parser: what a message says, step by step, each step pure.

text (one spelling of characters) -> tokens (words known, instruments found) -> fields (labels and their
numbers) -> intents (signals, updates, refusals, noise). Words stand as data in `packs`, one file a language.
"""
