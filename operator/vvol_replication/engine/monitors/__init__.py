"""One loop for each object whose live status is kept: it reads, writes what is news, and sleeps."""
