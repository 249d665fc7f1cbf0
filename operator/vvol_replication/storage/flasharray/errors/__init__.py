"""What can go wrong with a call to an array, and how the call then ends.

Everything below `FlashArray` raises one of these, and nothing else:

    CallFailed
    ├── NotAsked            nothing was sent: no room, or the connection is closed
    ├── HeldOff             nothing was sent: the array asked to be left alone for some seconds
    ├── LockedOut           nothing was sent: logins with this token were refused too often
    ├── NotReached          the transport failed; `sent` says whether the array may have had the whole request
    ├── Answered            a status other than 200, with the body as it came
    ├── Unreadable          status 200, and not what the REST API answers
    ├── Missing             the array answers, and has no such protection group
    ├── NoCommonVersion     the array offers no REST version that is allowed and spoken here
    ├── IdentityDiffers     another array than before answers at this address
    ├── BeforeTheCall       what the call needs first (version, login, identity) failed: `step`, and a `CallFailed`
    └── LookFailed          a push was refused as already there; the look at that snapshot failed: a `CallFailed`

`FlashArray` turns them into outcomes by `outcomes.outcome`, and raises none of them:

    Refused         Missing, IdentityDiffers, NoCommonVersion, and Answered in the 400s: nothing was changed
    Unavailable     NotAsked, HeldOff, LockedOut, a login that failed, LookFailed, and whatever breaks a reading call
    Indeterminate   NotReached after sending, Unreadable, or Answered in the 300s and 500s, to a *mutating* call

What an array's words for a refusal mean is `refusals`' table; where those words stand in a body, `array_text`; why a
connection broke, `transport`.
"""

from __future__ import annotations

from .failures import (
    IDENTITY,
    LOGIN,
    VERSION,
    Answered,
    BeforeTheCall,
    CallFailed,
    HeldOff,
    IdentityDiffers,
    LockedOut,
    LookFailed,
    Missing,
    NoCommonVersion,
    NotAsked,
    NotReached,
    Unreadable,
    retry_after,
)

__all__ = [
    "IDENTITY",
    "LOGIN",
    "VERSION",
    "Answered",
    "BeforeTheCall",
    "CallFailed",
    "HeldOff",
    "IdentityDiffers",
    "LockedOut",
    "LookFailed",
    "Missing",
    "NoCommonVersion",
    "NotAsked",
    "NotReached",
    "Unreadable",
    "retry_after",
]
