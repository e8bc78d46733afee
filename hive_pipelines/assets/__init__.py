"""Assets, a module a group: nouns whose bodies call pure functions of the domain."""
