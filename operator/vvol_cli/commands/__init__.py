"""The commands: one file each, loaded when it is called. A command returns its `Outcome`."""
