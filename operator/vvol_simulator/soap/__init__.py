"""The SOAP services of a vCenter: `/sdk` (vim), `/sms/sdk` (storage monitoring) and `/pbm/sdk` (storage policies).

`handle` answers any request to a vCenter's port. Messages are read and written by pyVmomi's own type system, in the
version that the client asks for.
"""

from .request import FETCH
from .service import CALLS, client_state, handle, handlers
from .sms_tasks import MUTATING as CHANGES

__all__ = ["CALLS", "CHANGES", "FETCH", "client_state", "handle", "handlers"]
