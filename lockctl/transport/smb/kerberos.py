"""Logging on by Kerberos: what it needs, and what its failures mean. The ticket itself is GSSAPI's business.

It takes a ticket from the cache (KRB5CCNAME), or gets one with a keytab (KRB5_CLIENT_KTNAME).
"""

from __future__ import annotations

from importlib.util import find_spec

from smbprotocol.exceptions import SMBResponseException

from lockctl.errors import LockctlError, ShareRefused, Unreachable, UsageError
from lockctl.settings.credentials import Login

_BASE = 2529638912
"""Of MIT's krb5 error table (krb5_err.et), as the minor codes of GSSAPI count it: -1765328384 as 32 bits."""
_SERVICE_UNKNOWN, _EXPIRED, _SKEW, _NO_KDC = _BASE + 7, _BASE + 32, _BASE + 37, _BASE + 156
_GSS_NO_CREDENTIALS, _GSS_EXPIRED = 7 << 16, 11 << 16
"""Major codes (RFC 2744, 3.9.1)."""
_LOGON_FAILURE, _ACCESS_DENIED = 0xC000006D, 0xC0000022


def require_gssapi() -> None:
    """Raises UsageError where the libraries for Kerberos are not installed."""
    if find_spec("gssapi") is None or find_spec("krb5") is None:
        raise UsageError("Kerberos needs more than is installed", "Install it: pip install 'lockctl[kerberos]'")


def translate_kerberos(error: BaseException, login: Login, host: str) -> LockctlError | None:
    """The error for a log-on by Kerberos that failed so; None where Kerberos is not to blame."""
    service, who = f"cifs/{login.service_host or host}", f" for {login.account}" if login.account else ""
    if isinstance(error, SMBResponseException) and error.status in (_LOGON_FAILURE, _ACCESS_DENIED):
        return ShareRefused(
            f"{host} refused the Kerberos ticket for {service}, or its user",
            "It may not know that user, or its keytab hold an older key: see its log",
        )
    major, minor = _codes(error)
    if minor == _SERVICE_UNKNOWN:
        return ShareRefused(
            f"Kerberos knows no service {service}", "Write the host's name as its realm has it, and no IP address"
        )
    if minor == _SKEW:
        return ShareRefused("this machine's clock and that of Kerberos differ by too much", "Set the clock")
    if minor == _NO_KDC:
        return Unreachable("no KDC of the Kerberos realm answers", "Check the network and krb5.conf")
    if minor == _EXPIRED or major == _GSS_EXPIRED:
        return ShareRefused(f"the Kerberos ticket{who} has expired", f"Get another: kinit {login.account}".rstrip())
    if major == _GSS_NO_CREDENTIALS:
        return ShareRefused(
            f"there is no Kerberos ticket{who}",
            f"Get one: kinit {login.account}".rstrip() + "; from cron with a keytab in KRB5_CLIENT_KTNAME",
        )
    return ShareRefused(f"Kerberos gives no ticket{who} for {service}", "Try: kvno " + service) if major else None


def _codes(error: BaseException | None) -> tuple[int, int]:
    """The major code without its details, and the minor one, of the error of GSSAPI behind this one; else zeros."""
    while error is not None:
        major, minor = getattr(error, "maj_code", None), getattr(error, "min_code", None)
        if isinstance(major, int) and isinstance(minor, int):
            return major & 0xFFFF0000, minor & 0xFFFFFFFF
        error = error.__cause__ or error.__context__
    return 0, 0
