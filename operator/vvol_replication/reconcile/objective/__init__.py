"""How recent a group's newest point in time is, what its array does by itself, and what that leads to."""
