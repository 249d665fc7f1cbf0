"""The vendor's REST 1 client, imported without its deprecation warning (it compares versions with distutils)."""

import warnings
from collections.abc import Callable
from typing import Any

from vvol_simulator.client import Simulator

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import purestorage

Connect = Callable[..., Any]
"""`connect("flasharray-a", rest_version="1.16")` -> a `purestorage.FlashArray`."""

PureError: Any = purestorage.PureError
PureHTTPError: Any = purestorage.PureHTTPError


def connector(sim: Simulator) -> Connect:
    """Connects to a simulator's arrays over TLS that is verified with its CA."""

    def connect(name: str, **options: Any) -> Any:
        array = sim.array(name)
        kwargs = {"verify": str(sim.ca_file), "timeout": (5, 20)}
        return purestorage.FlashArray(array["address"], api_token=array["apiToken"], request_kwargs=kwargs, **options)

    return connect
