"""The decisions about a ReplicationSync, from its turn to a point in time that is proven."""
