"""The decisions about a FailoverPreparation, before the one call, after it, and afterwards."""
