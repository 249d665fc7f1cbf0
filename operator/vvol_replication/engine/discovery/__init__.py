"""Keeps a ReplicationGroup for each group that a VCenter shows, where `spec.discovery` asks for it."""
