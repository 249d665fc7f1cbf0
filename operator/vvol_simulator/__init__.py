"""vCenters and FlashArrays that can be run: real TLS sockets, the real wire formats, faults on demand."""
