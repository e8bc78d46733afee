"""The account's rules: dated rule packs, the state they judge, the size of an order, and the gate."""
