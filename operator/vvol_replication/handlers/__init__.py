"""The rim towards kopf: handlers of a few lines, how kopf runs, what it remembers.

kopf loads the `kubernetes` library where it finds it, to know its classes, of which none comes here. That takes a
quarter of a start, so kopf is loaded here first, as where that library is not installed.
"""

import sys

_LIBRARY = "kubernetes"

if _LIBRARY not in sys.modules:
    sys.modules[_LIBRARY] = None  # type: ignore[assignment]  # which is how Python is told that there is none
    try:
        import kopf  # noqa: F401 - for whoever imports it next
    finally:
        del sys.modules[_LIBRARY]
