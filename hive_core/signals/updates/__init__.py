"""What a message asks to do with a signal that stands already, in the words of fourteen languages.

The words are data (`words/*.toml`). What becomes of an update stands in `lifecycle`; what a call to
trade says, in the parser.
"""
