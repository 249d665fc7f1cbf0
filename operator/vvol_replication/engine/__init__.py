"""When and where steps happen. The decisions are in `reconcile`; here they are asked for, and carried out.

engine          the rim's face: observes objects, accepts requests, hands news on, starts and stops everything
├── requests    one reconciler for each request in flight; the queue, claims, calls, stored statuses, TTL, validity
├── discovery   keeps a ReplicationGroup for each group that a VCenter shows
├── monitors    one loop for each VCenter, FlashArray and ReplicationGroup; what groups remember; the pollers
├── events      which changes of a status are Kubernetes events, and the sending of them
├── status      the one writer of statuses, and what is worth a write
└── news        what the parts tell the engine: one kind of notification
services, ports what the engine asks of the API server, of storage and of the process; no kopf, no HTTP here
"""
