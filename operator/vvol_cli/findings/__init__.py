"""What `doctor` looks at (`facts`), and what it makes of it (`checks`: pure)."""
