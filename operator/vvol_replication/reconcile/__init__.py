"""Decisions: pure and total. (request, status, what was seen, now) -> the next step and the status to tell.

    decide.decide_sync     the one entry: which step comes next for a ReplicationSync
    ├── preflight          may the sync be armed at all: roles, targets, older transfers
    ├── arming             from the recorded intent to a sync that was seen pending, and the push
    ├── following          from the push to data that landed and a point in time that is listed
    └── tell               verdicts become phase and conditions, in one place
    identify               which point in time belongs to our snapshot
    observation            what was seen, and how old it is
    steps                  what a decision can ask of the engine
    binding                which endpoints and ids a ReplicationGroup stands for

No I/O, no clock, no randomness: the engine brings those in. The same functions run in the operator and in the
exhaustive exploration of the tests.
"""
