"""snake_case in Python, camelCase outside."""


def camel(name: str) -> str:
    """`transfer_seconds` -> `transferSeconds`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
