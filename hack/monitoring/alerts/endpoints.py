"""Alerts of VCenters and FlashArrays."""

from __future__ import annotations

from vvol_replication.metrics import catalogue as metrics

from .alert import ENDPOINT, Alert, Severity, seen

_THIS = "{{ $labels.kind }} {{ $labels.name }}"
_UP, _LOGGED_IN = seen(metrics.ENDPOINT_UP, ENDPOINT), seen(metrics.ENDPOINT_LOGGED_IN, ENDPOINT)
_EXPIRY = f"{seen(metrics.ENDPOINT_CERTIFICATE, ENDPOINT)} - time()"
_DAY = 24 * 3600
_EXPIRES, _EXPIRES_SOON, _SKEW = 21, 3, 60

UNREACHABLE = Alert(
    "VvolEndpointUnreachable",
    Severity.CRITICAL,
    f"{_UP} == 0",
    "5m",
    f"{_THIS} cannot be reached.",
    "All requests that need it wait until they time out, and what the operator shows of its groups is old.",
    "`Reachable` is False",
)
FLAPPING = Alert(
    "VvolEndpointFlapping",
    Severity.WARNING,
    f"max by ({', '.join(ENDPOINT)}) (changes({metrics.ENDPOINT_UP.name}[30m])) >= 6",
    "0m",
    f"{_THIS} comes and goes.",
    "Within 30 minutes, `Reachable` changed {{ $value }} times. Requests go on whenever the endpoint answers, "
    "but they take longer.",
    "`Reachable` changed 6 times or more within 30 minutes",
)
LOGIN_FAILED = Alert(
    "VvolEndpointLoginFailed",
    Severity.CRITICAL,
    f"{_LOGGED_IN} == 0",
    "5m",
    f"{_THIS} refuses the login.",
    "All requests that need it wait. After three refusals the operator tries once in 15 minutes, so that the account "
    "is not locked.",
    "`Authenticated` is False",
)
NOT_READ = Alert(
    "VvolEndpointNotRead",
    Severity.WARNING,
    f"{seen(metrics.ENDPOINT_READY, ENDPOINT)} == 0\n  unless {_UP} == 0\n  unless {_LOGGED_IN} == 0",
    "15m",
    f"{_THIS} cannot be read.",
    "It can be reached and does not refuse the login, but the last reading was not complete. "
    "What the operator shows of its groups may be old.",
    "`Ready` is False, for another reason than the two above",
)
CERTIFICATE_EXPIRES = Alert(
    "VvolCertificateExpires",
    Severity.WARNING,
    f"{_EXPIRY} < {_EXPIRES * _DAY} >= {_EXPIRES_SOON * _DAY}",
    "10m",
    f"The certificate of {_THIS} expires soon.",
    "It expires in {{ $value | humanizeDuration }}. After that the operator does not connect.",
    f"the certificate expires in {_EXPIRES_SOON} to {_EXPIRES} days",
)
CERTIFICATE_EXPIRES_NOW = Alert(
    "VvolCertificateExpiresNow",
    Severity.CRITICAL,
    f"{_EXPIRY} < {_EXPIRES_SOON * _DAY}",
    "10m",
    f"The certificate of {_THIS} expires now.",
    "It expires in {{ $value | humanizeDuration }}. A negative time means that it has expired: the session that is "
    "open ends with its first error, and after that the operator does not connect.",
    f"the certificate expires in less than {_EXPIRES_SOON} days, or has expired",
)
CLOCK_SKEW = Alert(
    "VvolEndpointClockSkew",
    Severity.WARNING,
    f"abs({seen(metrics.ENDPOINT_SKEW, ENDPOINT)}) > {_SKEW}",
    "15m",
    f"The clock of {_THIS} is wrong.",
    "It differs by {{ $value | humanizeDuration }} from the operator's clock. Ages of points in time are not reliable, "
    "and `maxAge` satisfies no request.",
    f"the clocks of endpoint and operator differ by more than {_SKEW} seconds",
)

ALERTS = (UNREACHABLE, LOGIN_FAILED, NOT_READ, FLAPPING, CERTIFICATE_EXPIRES, CERTIFICATE_EXPIRES_NOW, CLOCK_SKEW)
