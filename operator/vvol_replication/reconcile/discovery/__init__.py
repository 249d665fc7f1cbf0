"""Which ReplicationGroups are to be there for what a VCenter shows."""
