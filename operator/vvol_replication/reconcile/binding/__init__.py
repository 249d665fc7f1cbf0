"""What a ReplicationGroup stands for: which endpoints, groups, arrays and ids."""
