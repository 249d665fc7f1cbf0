"""Field selectors of requests. The CRDs name the fields they may use (`selectableFields`, Kubernetes 1.31 or later).

Where an older CRD is installed the API server refuses them, and everything is listed. So a selector only spares work:
who lists with it looks at each object anyway.
"""

from __future__ import annotations

from .names import REPLICATION_SYNC, Kind
from .status import ENDED_PHASES

UNFINISHED = ",".join(f"status.phase!={phase}" for phase in ENDED_PHASES)
"""What has not ended. No phase at all: not seen yet, or the status was wiped."""
WITH_TTL = "spec.ttlSecondsAfterFinished!="
"""What is to be deleted some day."""
LEFT_OUT: frozenset[Kind] = frozenset({REPLICATION_SYNC})
"""The kinds of which the operator lists only what has not ended.

Of FailoverPreparations it lists all: one that is complete is watched until it is stale.
"""


def same_request(request_id: str) -> str:
    """All objects that somebody gave this request id. The CRDs allow no letter in it that would need an escape."""
    return f"spec.requestID={request_id}"
