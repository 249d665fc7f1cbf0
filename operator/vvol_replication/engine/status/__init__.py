"""Which changes of a status are worth a write, and the writing."""
