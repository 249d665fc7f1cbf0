"""The questions that both vCenters are asked, in order: a session from before its login until after its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .shapes import Answer, Asker

PATHS = ("name", "config.instanceUuid", "runtime.powerState")
NO_SUCH_VM = "vm-999"
PBM = "/pbm/sdk"


def call(method: str, this: str, moid: str, arguments: str = "", namespace: str = "urn:vim25") -> str:
    """The body of one call of a managed object's method."""
    return f'<{method} xmlns="{namespace}"><_this type="{this}">{moid}</_this>{arguments}</{method}>'


def service(method: str, arguments: str = "") -> str:
    """A call of vCenter's root object."""
    return call(method, "ServiceInstance", "ServiceInstance", arguments)


def sessions(method: str, arguments: str = "") -> str:
    """A call of the session manager."""
    return call(method, "SessionManager", "SessionManager", arguments)


def view(kind: str = "VirtualMachine", *, recursive: bool = True) -> str:
    """A container view of the root folder."""
    how = f"<type>{kind}</type><recursive>{str(recursive).lower()}</recursive>"
    arguments = f'<container type="Folder">group-d1</container>{how}'
    return call("CreateContainerView", "ViewManager", "ViewManager", arguments)


def of_view(moid: str, limit: str = "") -> str:
    """The properties of what a view holds, `limit` objects a page."""
    into = (
        '<selectSet xsi:type="TraversalSpec"><name>vms</name><type>ContainerView</type><path>view</path>'
        "<skip>false</skip></selectSet>"
    )
    return _retrieve(f'<obj type="ContainerView">{moid}</obj><skip>true</skip>{into}', PATHS, limit)


def of_vm(moid: str, *paths: str) -> str:
    """The properties of one VM."""
    return _retrieve(f'<obj type="VirtualMachine">{moid}</obj><skip>false</skip>', paths or PATHS, "")


def _retrieve(start: str, paths: tuple[str, ...], limit: str) -> str:
    wanted = "".join(f"<pathSet>{path}</pathSet>" for path in paths)
    options = f"<options><maxObjects>{limit}</maxObjects></options>" if limit else "<options/>"
    spec = f"<specSet><propSet><type>VirtualMachine</type>{wanted}</propSet><objectSet>{start}</objectSet></specSet>"
    return call("RetrievePropertiesEx", "PropertyCollector", "propertyCollector", spec + options)


def further(token: str) -> str:
    """The next page."""
    return call("ContinueRetrievePropertiesEx", "PropertyCollector", "propertyCollector", f"<token>{token}</token>")


def policies(method: str, this: str, moid: str, arguments: str = "") -> str:
    """A call of PBM."""
    return call(method, this, moid, arguments, "urn:pbm")


def dialogue(vcenter: Asker, username: str, password: str, vm: str) -> Iterator[tuple[str, Answer]]:
    """Each question's name and answer."""
    end_session = sessions("Logout")
    current = sessions("Fetch", "<prop>currentSession</prop>")
    yield "content", vcenter.ask(service("RetrieveServiceContent"))
    yield "wrong password", vcenter.log_in(username, "fake-wrong-password")
    yield "clock without a session", vcenter.ask(service("CurrentTime"))
    yield "view without a session", vcenter.ask(view())
    yield "properties without a session", vcenter.ask(of_vm(vm))
    yield "current session without one", vcenter.ask(current)
    yield "logout without a session", vcenter.ask(end_session)
    yield "login", vcenter.log_in(username, password)
    yield "login in a session", vcenter.log_in(username, password)
    yield "current session", vcenter.ask(current)
    yield "clock", vcenter.ask(service("CurrentTime"))

    made = vcenter.ask(view())
    yield "view", made
    yield "all in one page", vcenter.ask(of_view(made.find("returnval")))
    page = vcenter.ask(of_view(made.find("returnval"), "1"))
    yield "first page", page
    yield "last page", vcenter.ask(further(page.find("token")))
    yield "page of a spent token", vcenter.ask(further(page.find("token")))
    yield "pages of nothing", vcenter.ask(of_view(made.find("returnval"), "0"))
    empty = vcenter.ask(view("HostSystem", recursive=False))
    yield "properties of nothing", vcenter.ask(of_view(empty.find("returnval")))
    yield "one VM", vcenter.ask(of_vm(vm))
    yield "a property that is unset", vcenter.ask(of_vm(vm, "name", "guest.hostName"))
    yield "a property that does not exist", vcenter.ask(of_vm(vm, "name", "runtime.power"))
    yield "a VM that does not exist", vcenter.ask(of_vm(NO_SUCH_VM))
    destroy = call("DestroyView", "ContainerView", made.find("returnval"))
    yield "end of a view", vcenter.ask(destroy)
    yield "end of a view that has ended", vcenter.ask(destroy)

    yield "a method that does not exist", vcenter.ask(service("FlyToTheMoon"))
    yield "a method of another type", vcenter.ask(service("PowerOffVM_Task"))
    yield "no XML", vcenter.ask("<x")

    content = policies("PbmRetrieveServiceContent", "PbmServiceInstance", "ServiceInstance")
    yield "PBM's content without a session", vcenter.ask(content, path=PBM, session=False)
    entity = f"<entities><objectType>virtualMachine</objectType><key>{vm}</key></entities>"
    groups = policies("PbmQueryReplicationGroups", "PbmReplicationManager", "ReplicationManager", entity)
    yield "groups without a session", vcenter.ask(groups, path=PBM, session=False)
    yield "groups", vcenter.ask(groups, path=PBM)
    yield "logout", vcenter.ask(end_session)
    yield "groups after logout", vcenter.ask(groups, path=PBM)
