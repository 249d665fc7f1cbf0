"""How many there are, as a sentence has it."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 group`, `2 groups`, `0 groups`. `many`: the plural, where it is not `one` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
