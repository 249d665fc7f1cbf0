"""What people are told as Kubernetes events: which changes of a status are events, and the sending of them."""
