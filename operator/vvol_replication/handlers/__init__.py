"""kopf's rim: the only place that imports it. Handlers accept, show and let go; nothing is done in them."""
