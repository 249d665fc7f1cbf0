"""REST 1.2 to 1.19 through `purestorage`: blocking calls on a lane of threads, each with a session of its own."""
