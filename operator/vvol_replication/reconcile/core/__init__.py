"""What the decisions about syncs and about preparations share."""
