#!/usr/bin/env bash
# A vCenter that is newer than the client library: one word that it does not know, in one object of an answer of two.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"; "$work/venv/bin/pip" install -q 'pyvmomi==9.1.1.0'
"$work/venv/bin/python" - <<'PY'
from pyVmomi import SoapAdapter, vim

ANSWER = """<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body>
<RetrievePropertiesResponse xmlns="urn:vim25">%s</RetrievePropertiesResponse></soapenv:Body></soapenv:Envelope>"""
ROW = """<returnval><obj type="VirtualMachine">vm-%d</obj><propSet><name>runtime.powerState</name>
<val xsi:type="VirtualMachinePowerState">%s</val></propSet></returnval>"""


def read(*states):
    """Let the library read an answer of one VM for each state."""
    text = ANSWER % "".join(ROW % (number, state) for number, state in enumerate(states))
    stub = SoapAdapter.SoapStubAdapter("localhost", sslContext=None)
    info = SoapAdapter.SoapResponseDeserializer(stub)
    return info.Deserialize(text.encode(), vim.PropertyCollector.ObjectContent.Array)


print("pyVmomi 9.1.1.0")
print("two known states:", [str(row.propSet[0].val) for row in read("poweredOff", "poweredOn")])
print("expected: the other object of the answer can be read, or an error that names the unknown value")
try:
    rows = read("poweredOff", "poweredElsewhere")
    print("seen: it was read", rows)
    raise SystemExit(1)
except AttributeError as error:
    print("seen: AttributeError for the whole answer:", error)
PY
