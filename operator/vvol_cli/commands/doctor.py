"""`doctor`: is the installation in order, and if not, what is wrong first?"""

from __future__ import annotations

import click

from vvol_cli.cluster import Cluster
from vvol_cli.findings.checks import Finding, Level, judge
from vvol_cli.findings.facts import gather
from vvol_cli.options import Command, connected, formatted
from vvol_cli.outcome import Outcome
from vvol_cli.screen import print_out
from vvol_cli.tables import Row, Table

TITLES = ("RESULT", "SUBJECT", "SEEN", "WHAT TO DO")


@click.command(cls=Command, examples=("kubectl vvol doctor", "kubectl vvol doctor -o json"))
@connected
@formatted()
def doctor(cluster: Cluster, form: str) -> Outcome:
    """Check the installation, and say what is wrong first.

    It looks at the API server, the CRDs, the operator's Lease, your permissions, clocks, endpoints with their
    certificates, groups, and requests that no operator has seen. The exit code is 1 if something is wrong, and 6 if
    the cluster cannot be asked or does not know the kinds.
    """
    facts = gather(cluster)
    findings = judge(facts)
    print_out(Table("Finding", TITLES, [_row(one) for one in findings], len(TITLES)), form)
    if facts.unreachable or facts.resources is None:
        return Outcome.NO_ACCESS
    return Outcome.FAILED if findings[0].level is Level.WRONG else Outcome.DONE


def _row(finding: Finding) -> Row:
    result = finding.level.name.capitalize()
    data = {
        "result": result,
        "subject": finding.subject,
        "message": finding.message,
        "whatToDo": finding.advice or None,
    }
    return Row(finding.subject, (result, finding.subject, finding.message, finding.advice), data)
