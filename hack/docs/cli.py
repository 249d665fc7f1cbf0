"""The page of `kubectl vvol`, from the commands themselves."""

from __future__ import annotations

from vvol_cli import manual

_HEAD = """# kubectl vvol

Asks for points in time, follows them, and shows how recent they are: for people at a terminal, and for scripts. **The
exit code is the outcome of what you asked for**, so a pipeline needs nothing else.

<!-- not run: needs a group of yours; tests/e2e/test_cli.py runs these commands to each of their ends -->
```
kubectl vvol sync erp --name before-upgrade-42 --timeout 30m || exit
```

## Install

<!-- not run: it would install into the machine of the tests -->
```
pipx install 'vvol-replication[cli]'
kubectl vvol doctor
```

It is a plugin of kubectl: all that kubectl needs is the program `kubectl-vvol` on `PATH`. It asks through your own
kubectl. So your kubeconfig, your logins and your rights count, and nothing else: it never reads the operator's Secrets.
What each command needs is in the ClusterRoles of [the security model](security.md). A krew manifest is in
[`manifests/krew`](../manifests/krew/vvol.yaml).

Commands, names of groups and of requests are completed, if the completion of kubectl is set up: `kubectl vvol
completion` says how.

## Exit codes

The same for every command. Of several requests, the first of 5, 1, 3, 6, 4, 2 that one of them has is the exit code.

"""

_OUTPUT = """
## Output

- **`-o`** chooses the format: {formats}. `report` has formats of its own. JSON and YAML have `apiVersion: {version}`.
  Their fields are those of the API, with times as times. `-o name` of a sync prints the names of the points in time.
  If the name of one that is done is not known, the exit code is 5, and standard error says why.
- **Results are on standard output.** Progress, advice and complaints are on standard error. On a terminal there are
  bars and colours. In a pipe there is a line for each change. `NO_COLOR` is respected.
- **Ages** are by the clock of this machine. Whether an objective is held is what the operator says.
- **Every command takes kubectl's flags** for the connection: {flags}. `-n` is short for `--namespace`, `-s` for
  `--server`.
- **Requests get names** of their group, the time and six drawn characters. If the answer to a creation is lost, the
  request is looked for by that name. It is not created twice. The field manager is `kubectl-vvol`.
- **Ctrl-C** ends the waiting, not the request.
- **[The board](board.md)** has a page of its own, on what it shows and who can see it.

## With other versions

An operator that is one version older or newer works: fields and reasons that are not known are shown as they are. Where
no operator works, a request says `NotSeen`, and `kubectl vvol doctor` says why. Where the CRDs are missing, every
command says so and ends with 6.

"""


def render() -> str:
    """The page as Markdown."""
    formats, version = manual.formats()
    parts = [
        _HEAD,
        "\n".join(manual.exit_codes()),
        "\n",
        _OUTPUT.format(formats=formats, version=version, flags=manual.flags()),
        "\n".join(manual.chapters()),
    ]
    return "".join(parts).rstrip("\n") + "\n"
