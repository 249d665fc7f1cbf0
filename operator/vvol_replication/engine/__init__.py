"""When and where steps happen. The decisions are in `reconcile`; here they are asked for, and carried out.

engine        accepts objects, is shown them as the API server has them, and owns everything below
├── runner    one request: decide, do the one step, decide again
├── object    one request's status as it is stored, and the writes of it
├── turns     one operation at a time per source protection group, in order of acceptance
├── access    a step's reading or call, on the endpoint that the ledger pinned
├── monitor   one for each object whose live status is kept: reads, tells, sleeps
│   ├── endpoint → vcenter, array   session, identity, live status
│   └── groups                      binding, points in time, live status
├── poller    one poll per array for all transfers that are waited for
└── telling   which changes of a status are worth a write
ports         what the engine asks of the API server and of the process; no kopf, no HTTP here
"""
