"""The SOAP services of a vCenter: `/sdk` (vim), `/sms/sdk` (storage monitoring) and `/pbm/sdk` (storage policies).

`handle` answers any request to a vCenter's port. Messages are read and written by pyVmomi's own type system, in the
version that the client asks for.
"""

from .service import client_state, handle, handlers

__all__ = ["client_state", "handle", "handlers"]
