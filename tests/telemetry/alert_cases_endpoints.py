"""Situations of endpoints: in which their alerts fire, and in which not."""

from __future__ import annotations

from telemetry.alert_case import Case

from monitoring.alerts import endpoints

DALLAS = {"kind": "VCenter", "name": "dallas"}
DAY = 24 * 3600


def of(metric: str, values: str, pod: str = "one") -> dict[str, str]:
    """A series of the endpoint, as one replica has it."""
    return {f'vvol_endpoint_{metric}{{kind="VCenter",name="dallas",pod="{pod}"}}': values}


UNREACHABLE, LOGIN, NOT_READ = endpoints.UNREACHABLE, endpoints.LOGIN_FAILED, endpoints.NOT_READ
FLAPPING, SKEW = endpoints.FLAPPING, endpoints.CLOCK_SKEW
EXPIRES, EXPIRES_NOW = endpoints.CERTIFICATE_EXPIRES, endpoints.CERTIFICATE_EXPIRES_NOW
COMES_AND_GOES = of("up", " ".join(["1 1 0"] * 20))

CASES = (
    Case(UNREACHABLE, "it has been down for six minutes", of("up", "1x4 0x30"), 11, DALLAS),
    Case(UNREACHABLE, "it has been down for three minutes", of("up", "1x4 0x30"), 8),
    Case(UNREACHABLE, "it answers", of("up", "1x30"), 20),
    Case(UNREACHABLE, "it comes and goes", COMES_AND_GOES, 40),
    Case(UNREACHABLE, "it is not known for two minutes between", of("up", "0x6 _x2 0x30"), 8, DALLAS),
    Case(UNREACHABLE, "it has not been known for long", of("up", "0x3 stale _x30"), 12),
    Case(
        UNREACHABLE,
        "the operator is restarted while it is down",
        of("up", "0x3 stale") | of("up", "_x6 0x30", "two"),
        7,
        DALLAS,
    ),
    Case(
        UNREACHABLE,
        "the next replica reaches it",
        of("up", "0x8 stale") | of("up", "_x9 1x30", "two"),
        10,
    ),
    Case(LOGIN, "the password was changed", of("logged_in", "1x4 0x30"), 11, DALLAS),
    Case(LOGIN, "the login is taken", of("logged_in", "1x30"), 20),
    Case(LOGIN, "nothing is known because it is down", of("up", "0x30") | of("logged_in", "1x4 stale _x30"), 20),
    Case(LOGIN, "the Secret is corrected", of("logged_in", "0x3 1x30"), 8),
    Case(
        NOT_READ,
        "its answers cannot be used",
        of("ready", "0x30") | of("up", "1x2 stale _x30"),
        16,
        DALLAS,
    ),
    Case(NOT_READ, "it is down, which has an alert of its own", of("ready", "0x30") | of("up", "0x30"), 20),
    Case(NOT_READ, "it refuses the login", of("ready", "0x30") | of("up", "1x30") | of("logged_in", "0x30"), 20),
    Case(NOT_READ, "it was read", of("ready", "0x9 1x30"), 20),
    Case(FLAPPING, "it comes and goes", COMES_AND_GOES, 40, DALLAS, "19"),
    Case(FLAPPING, "it goes once and comes back", of("up", "1x9 0x5 1x40"), 40),
    Case(FLAPPING, "it is down", of("up", "1x9 0x60"), 40),
    Case(
        FLAPPING,
        "the operator is restarted again and again",
        of("up", "1x3 stale _x2 1x3 stale _x2 1x3 stale _x2 1x3 stale _x2 1x3 stale _x2 1x20"),
        40,
    ),
    Case(
        EXPIRES,
        "ten days are left",
        of("certificate_expiry_timestamp_seconds", f"{10 * DAY + 1200}x60"),
        20,
        DALLAS,
        "10d 0h 0m 0s",
    ),
    Case(EXPIRES, "three months are left", of("certificate_expiry_timestamp_seconds", f"{90 * DAY}x60"), 20),
    Case(EXPIRES, "two days are left", of("certificate_expiry_timestamp_seconds", f"{2 * DAY}x60"), 20),
    Case(
        EXPIRES,
        "it was renewed",
        of("certificate_expiry_timestamp_seconds", f"{10 * DAY}x9 {365 * DAY}x60"),
        20,
    ),
    Case(
        EXPIRES_NOW,
        "two days are left",
        of("certificate_expiry_timestamp_seconds", f"{2 * DAY + 1200}x60"),
        20,
        DALLAS,
        "2d 0h 0m 0s",
    ),
    Case(
        EXPIRES_NOW,
        "it has expired",
        of("certificate_expiry_timestamp_seconds", "600x60"),
        20,
        DALLAS,
        "-10m 0s",
    ),
    Case(EXPIRES_NOW, "ten days are left", of("certificate_expiry_timestamp_seconds", f"{10 * DAY}x60"), 20),
    Case(EXPIRES_NOW, "it is not verified, so not known", of("up", "1x60"), 20),
    Case(SKEW, "it is ninety seconds behind", of("clock_skew_seconds", "-90x60"), 20, DALLAS, "1m 30s"),
    Case(SKEW, "it is ninety seconds ahead", of("clock_skew_seconds", "90x60"), 20, DALLAS, "1m 30s"),
    Case(SKEW, "it is three seconds behind", of("clock_skew_seconds", "-3x60"), 20),
    Case(SKEW, "it is corrected", of("clock_skew_seconds", "90x9 1x60"), 20),
)
