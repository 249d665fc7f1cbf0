"""What people are told of a change of a status, as Kubernetes events and as lines of the log, and the sending of it."""
