#!/usr/bin/env bash
# What pyVmomi makes of a data object whose required fields are not in the answer, and of three ways to write a time.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"; "$work/venv/bin/pip" install -q 'pyvmomi==9.1.1.0'
"$work/venv/bin/python" - <<'PY'
from datetime import datetime

from pyVmomi import SoapAdapter, vim

ANSWER = """<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<AnyResponse xmlns="urn:vim25"><returnval>%s</returnval></AnyResponse></soapenv:Body></soapenv:Envelope>"""


def read(kind, inside):
    """Let the library read one value of this type."""
    stub = SoapAdapter.SoapStubAdapter("localhost", sslContext=None)
    return SoapAdapter.SoapResponseDeserializer(stub).Deserialize((ANSWER % inside).encode(), kind)


print("pyVmomi 9.1.1.0")
about = read(vim.AboutInfo, "<name>vCenter</name>")
runtime = read(vim.vm.RuntimeInfo, "<connectionState>connected</connectionState>")
seen = (about.version, runtime.numMksConnections, runtime.toolsInstallerMounted, runtime.powerState)
print("expected: absent required fields are told apart from empty ones")
print("seen: version, numMksConnections, toolsInstallerMounted, powerState are", seen)
times = [read(datetime, text) for text in ("2026-05-11T20:35:53", "2026-05-11T20:35:53.123456789Z")]
print("expected: an instant, or an error")
print("seen: without a zone:", repr(times[0].tzinfo), "nanoseconds:", times[1].microsecond)
raise SystemExit(seen != ("", 0, False, None) or times[0].tzinfo is not None or times[1].microsecond != 123456)
PY
