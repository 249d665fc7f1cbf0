"""What is wrong with an object, said with the exact place in it."""


class SpecError(ValueError):
    """A field does not hold what it must.

    Args:
        path: where, as in the object's JSON, e.g. `spec.groupRef.name`.
        message: one line: what is wrong and what is expected.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
