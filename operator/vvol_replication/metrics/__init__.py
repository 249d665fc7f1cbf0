"""What is measured, and how it is told to Prometheus. The only room that imports prometheus_client."""
