"""What a group remembers beyond its last reading: a sync that was left armed, a preparation."""
