"""/sdk: the service instance and its sessions."""

from typing import Any

from pyVmomi import vim

from vvol_simulator.model import Fault, Site, SmsFaultError

from . import bindings
from .calls import Call, Table
from .versions import VIM, api_version

ROOT_FOLDER = "group-d1"
METHODS = Table(VIM)


def content(site: Site) -> vim.ServiceInstanceContent:
    """The managers of a vCenter; their MoIds are the same in every vCenter, as in reality."""
    return bindings.build(
        vim.ServiceInstanceContent,
        rootFolder=bindings.build(vim.Folder, ROOT_FOLDER),
        propertyCollector=bindings.build(bindings.PROPERTY_COLLECTOR, "propertyCollector"),
        viewManager=bindings.build(vim.view.ViewManager, "ViewManager"),
        sessionManager=bindings.build(vim.SessionManager, "SessionManager"),
        about=bindings.build(
            vim.AboutInfo,
            name="VMware vCenter Server",
            fullName=f"VMware vCenter Server {site.version} build-24022515",
            vendor="VMware, Inc.",
            version=site.version,
            build="24022515",
            localeVersion="INTL",
            localeBuild="000",
            osType="linux-x64",
            productLineId="vpx",
            apiType="VirtualCenter",
            apiVersion=api_version(site.version),
            instanceUuid=site.instance_uuid,
            licenseProductName="VMware VirtualCenter Server",
            licenseProductVersion=site.version.split(".", 1)[0] + ".0",
        ),
    )


@METHODS.method("RetrieveServiceContent", on="ServiceInstance", anonymous=True)
@METHODS.method("Fetch.ServiceInstance.content", on="ServiceInstance", anonymous=True)
def _content(call: Call) -> object:
    return content(call.site)


@METHODS.method("CurrentTime", on="ServiceInstance")
def _current_time(call: Call) -> object:
    return call.now


@METHODS.method("Login", on="SessionManager", anonymous=True)
def _login(call: Call) -> object:
    if call.site.is_session(call.session):
        raise SmsFaultError(Fault("InvalidLogin", "This session is logged in already; log out first."))
    user = call.arg("userName", "")
    call.site.end_idle(call.world.time, call.world.switches.session_idle_seconds)
    call.new_session = call.site.login(user, call.arg("password", ""), call.world.time)
    call.state.keep(call.site.sessions)
    return _user_session(call, call.new_session, user, call.arg("locale") or "en")


@METHODS.method("Logout", on="SessionManager")
def _logout(call: Call) -> object:
    call.site.logout(call.session)
    call.state.keep(call.site.sessions)
    return None


@METHODS.method("Fetch.SessionManager.currentSession", on="SessionManager", anonymous=True)
def _current_session(call: Call) -> object:
    # Unset instead of NotAuthenticated: the one clean probe for a session (docs/facts/vsphere.md#session).
    call.site.end_idle(call.world.time, call.world.switches.session_idle_seconds)
    user = call.site.sessions.get(call.session)
    return None if user is None else _user_session(call, call.session, user, "en")


def _user_session(call: Call, session: str, user: str, locale: str) -> Any:
    # The key is not the cookie's value: whoever reads it cannot take the session over.
    key = f"52{session[-6:]}-0000-0000-0000-000000000000"
    return bindings.build(
        vim.UserSession,
        key=key,
        userName=user,
        fullName=user,
        loginTime=call.now,
        lastActiveTime=call.now,
        locale=locale,
        messageLocale=locale,
        extensionSession=False,
        ipAddress="127.0.0.1",
        userAgent="",
        callCount=bindings.long(1),
    )
