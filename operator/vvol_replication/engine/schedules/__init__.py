"""ReplicationSchedules: when their runs are started, and what becomes of them."""
