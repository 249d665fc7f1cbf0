"""One reconciler for each request in flight, and what they share: the queue, claims, calls, stored statuses."""
