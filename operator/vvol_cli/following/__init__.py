"""Requests on their way to an end.

streams   objects as they change, from kubectl's watch, which is begun again as often as it ends
follow    waits for the ends of requests, and says how each came out
progress  percent, rate and what remains; pure
plain     a line for each change, where no terminal is
bars      a bar for each request, on a terminal
"""
