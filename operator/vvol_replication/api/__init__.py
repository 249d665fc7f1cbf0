"""The Kubernetes kinds as typed values: spec, status, conditions, and the catalogue of reasons.

    names       what the API server calls our kinds
    sync        ReplicationSync; its ledger is in `ledger`
    group       ReplicationGroup
    vcenter     VCenter
    flasharray  FlashArray
    conditions  one condition, and how a list of them is brought up to date
    reasons     every word that may stand in a condition's `reason`, explained
    reading     specs, field by field; `wire`: statuses, by one rule
    durations, times, errors

The standard library only; no I/O and no clock. The shape is that of the CRDs in `crds/`; a test compares them.
"""
