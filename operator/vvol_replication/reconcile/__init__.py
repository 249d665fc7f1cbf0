"""Decisions: pure and total. (request, status, what was seen, now) -> the next step and the status to show.

sync            decide.decide_sync: which step comes next for a ReplicationSync, as an ordered list of stages
preparation     decide.decide_preparation: the same for a FailoverPreparation; `validity` for what comes afterwards
├── core        what both share: contexts, steps, observation, summarize, checks, claims, identify, acceptance
└── binding     which endpoints, groups and ids a ReplicationGroup stands for
discovery       which ReplicationGroups are to be there for what the VCenters show

No I/O, no clock, no randomness: the engine brings those in. The same functions run in the operator and in the
exhaustive exploration of the tests.
"""
