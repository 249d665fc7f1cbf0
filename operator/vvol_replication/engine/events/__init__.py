"""Kubernetes events: which changes of a status are one, and the sending of them."""
