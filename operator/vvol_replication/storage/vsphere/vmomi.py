"""pyVmomi, as this package uses it.

Its annotations are wrong where it matters here (task types, optional arguments, constructors that are untyped), so to
the type checker everything of it is `Any`; `convert` turns what it brings into typed values at once.
"""

from __future__ import annotations

from typing import Any

import pyVmomi
from pyVmomi import VmomiSupport, version_info_str
from pyVmomi import pbm as annotated_pbm
from pyVmomi import sms as annotated_sms
from pyVmomi import vim as annotated_vim
from pyVmomi import vmodl as annotated_vmodl

pbm: Any = annotated_pbm
sms: Any = annotated_sms
vim: Any = annotated_vim
vmodl: Any = annotated_vmodl
SoapAdapter: Any = pyVmomi.SoapAdapter
SoapStubAdapter: Any = SoapAdapter.SoapStubAdapter
type_of_name: Any = VmomiSupport.GetVmodlType
name_on_wire: Any = VmomiSupport.GetQualifiedWsdlName
VERSION: str = version_info_str
"""The installed pyVmomi's."""
