"""ReplicationSchedules: which runs they start, and what becomes of their times. Pure, like all of reconcile."""
