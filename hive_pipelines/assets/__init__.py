"""Assets, a module a group: nouns whose bodies call pure functions of the domain.

Bodies have no return annotation: Dagster reads a return annotation as the type of a stored value, and a
`MaterializeResult` that carries a frame and check results is not one.
"""
