"""Decisions: pure and total. (request, status, what was seen, now) -> the next step and the status to tell.

    decide.decide_sync     the one entry: which step comes next for a ReplicationSync
    ├── preflight          may the sync be armed at all: roles, targets, older transfers
    ├── arming             from the recorded intent to a sync that was seen pending, and the push
    ├── rearming           a sync that is not pending any more: why, and is it asked for again
    ├── following          from the push to data that landed and a point in time that is listed
    └── tell               verdicts become phase and conditions, in one place
    identify, names        which point in time belongs to our snapshot, and whose the name is
    acceptance             what a request is told when it is seen for the first time
    absorb                 what an answer changes in ledger and observation
    view                   one request at one moment; a `Turn` is one that may read and act
    observation            what was seen, and how old it is
    steps                  what a decision can ask of the engine
    binding                which endpoints and ids a ReplicationGroup stands for (sides, array_choice; knowledge)

No I/O, no clock, no randomness: the engine brings those in. The same functions run in the operator and in the
exhaustive exploration of the tests.
"""
