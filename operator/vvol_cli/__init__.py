"""kubectl-vvol: the operator's kinds for people at a terminal and for scripts.

    __main__   the programs `kubectl-vvol` and `kubectl_complete-vvol`
    app        the commands under one roof
    commands   one file each: what a command takes, asks and prints
    options    flags that many commands have
    following  requests on their way to an end, and how that is shown
    findings   what `doctor` looks at, and what it makes of it
    evidence   what `report` shows of one request or group
    screen     tables, JSON, YAML and names: the one place of output formats
    cluster    the API server, asked through kubectl
    headstart  begins the first question before the rest is loaded
    glance     `status GROUP`, shown without loading a library of command lines
    requests   the objects that are created
    reading    values out of objects, also of an older or newer operator
    outcome    how a command ends: the exit codes

Objects are JSON as the API server has them (`Object`). Nothing here reads a Secret. What an object's status says is
shown, not computed again; a word or a field that is not known is shown as it is, or left alone.
"""
