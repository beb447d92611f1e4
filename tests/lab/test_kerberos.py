"""Kerberos with MIT's KDC and a Samba that has a keytab: by a ticket cache, by a client keytab, and its failures."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1, quicken
from tests.cli.run import Done, assert_fails, environment, ids, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.lab.kdc import PASSWORD, REALM, Kdc
from tests.lab.processes import until
from tests.lab.restic import Repository, copy_repository
from tests.lab.samba import BACKUP, Samba, default_user
from tests.lab.seal import aged_lock

HOST = "localhost"
SERVICE = f"cifs/{HOST}"


@dataclass(slots=True)
class Realm:
    """A KDC, a Samba of its realm, and a repository there with an old lock."""

    kdc: Kdc
    repository: Repository
    lock: str

    @property
    def address(self) -> str:
        """By the name that the service has."""
        return f"smb://{HOST}:{self.repository.samba.port}/backup/{self.repository.folder}"

    def variables(self, cache: Path | None = None, **more: str) -> dict[str, str]:
        """The environment of somebody with this ticket cache, who knows no password of the share."""
        usual = environment(self.repository)
        plain = {
            name: value for name, value in usual.items() if not name.startswith(("RCLONE_", "KRB5", "LOCKCTL_SMB"))
        }
        # With a client keytab the tickets that it gets are kept in the cache.
        found = cache or self.kdc.folder / f"new-{time.monotonic_ns()}"
        return {
            **plain,
            **self.kdc.variables,
            "KRB5CCNAME": f"FILE:{found}",
            "RESTIC_REPOSITORY": self.address,
            **more,
        }

    def run(self, *words: str, cache: Path | None = None, **more: str) -> Done:
        """lockctl by Kerberos."""
        return lockctl(self.variables(cache, **more), *words, "--kerberos")


@pytest.fixture(scope="module")
def kdc() -> Iterator[Kdc]:
    with Kdc() as running:
        running.add(default_user(), PASSWORD)
        running.add("nobody-here", PASSWORD)
        running.add(SERVICE)
        yield running


@pytest.fixture(scope="module")
def kerberized(kdc: Kdc) -> Iterator[Samba]:
    """A standalone Samba that takes tickets of this realm."""
    options = {
        "realm": REALM,
        "kerberos method": "dedicated keytab",
        "dedicated keytab file": str(kdc.keytab("smb.keytab", SERVICE)),
    }
    with Samba([BACKUP], options=options, environment=kdc.variables) as running:
        yield running


@pytest.fixture
def realm(kdc: Kdc, kerberized: Samba, template: Path) -> Realm:
    folder = f"kerberos-{time.monotonic_ns()}"
    repository = copy_repository(kerberized, template, folder)
    quicken(repository)
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    found = Realm(kdc, repository, lock)
    seen_for(repository, state=state_of(repository), address=found.address)
    return found


@pytest.fixture
def ticket(kdc: Kdc) -> Path:
    return kdc.log_on(default_user())


def test_a_list_by_a_ticket(realm: Realm, ticket: Path) -> None:
    """The fast way is taken as ever, and messages are encrypted."""
    done = realm.run("list", "--json", cache=ticket)
    assert (done.status, done.stderr) == (0, "")
    assert ids(done.json["locks"]) == {realm.lock}
    said = realm.run("list", "-v", cache=ticket).stderr
    assert "lane" in said or "plain way" not in said


def test_a_removal_by_a_client_keytab(realm: Realm) -> None:
    """As from cron: nobody has logged on, and no cache is there."""
    keytab = realm.kdc.keytab("client.keytab", default_user())
    done = realm.run("prune", "--yes", "--quiet", KRB5_CLIENT_KTNAME=str(keytab))
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith(f"removed {realm.lock[:8]}")
    assert realm.repository.lock_ids() == []
    back = lockctl(realm.variables(KRB5_CLIENT_KTNAME=str(keytab)), "restore", realm.lock, "--kerberos")
    assert back.status == 0, back.text
    assert realm.repository.lock_ids() == [realm.lock]


@pytest.mark.parametrize("account", ["{user}@", "{realm};{user}@", ""])
def test_whose_ticket_is_taken(realm: Realm, ticket: Path, account: str) -> None:
    named = account.format(user=default_user(), realm=REALM)
    address = realm.address.replace("smb://", f"smb://{named}")
    assert realm.run("list", "-r", address, cache=ticket).status == 0


def test_a_remote_of_rclone(realm: Realm, ticket: Path) -> None:
    """With use_kerberos no option is needed, and spn tells the service's name."""
    remote = f":smb,host=127.0.0.1,port={realm.repository.samba.port},use_kerberos=true,spn={SERVICE}"
    variables = realm.variables(ticket)
    done = lockctl(variables, "list", "--json", "-r", f"rclone:{remote}:backup/{realm.repository.folder}")
    assert done.status == 0, done.text
    assert ids(done.json["locks"]) == {realm.lock}


def test_a_repository_by_name(realm: Realm, ticket: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[repositories.nas]\naddress = "{realm.address}"\nkerberos = true\n')
    variables = realm.variables(ticket, LOCKCTL_CONFIG=str(file))
    assert lockctl(variables, "list", "-r", "nas").status == 0


def test_no_ticket(realm: Realm) -> None:
    assert_fails(realm.run("list"), 13, "there is no Kerberos ticket. Get one: kinit; from cron with a keytab in KRB5_")


def test_a_ticket_of_somebody_else(realm: Realm, ticket: Path) -> None:
    address = realm.address.replace("smb://", "smb://nobody-here@")
    assert_fails(
        realm.run("list", "-r", address, cache=ticket), 13, "no Kerberos ticket for nobody-here. Get one: kinit"
    )


def test_an_expired_ticket(realm: Realm) -> None:
    cache = realm.kdc.log_on(default_user(), lifetime="1s", name="short")

    def is_over() -> bool | None:
        done = realm.run("list", cache=cache)
        return (
            True if done.status == 13 and "the Kerberos ticket has expired. Get another: kinit" in done.stderr else None
        )

    until(is_over, "the ticket's end", seconds=20)


def test_a_service_that_the_realm_does_not_know(realm: Realm, ticket: Path) -> None:
    address = realm.address.replace(HOST, "127.0.0.1")
    done = realm.run("list", "-r", address, cache=ticket)
    assert_fails(done, 13, "Kerberos knows no service cifs/127.0.0.1. Write the host's name as its realm has it")


def test_a_server_that_does_not_take_the_ticket(realm: Realm) -> None:
    """A user whom the server does not know."""
    cache = realm.kdc.log_on("nobody-here", name="stranger")
    assert_fails(realm.run("list", cache=cache), 13, f"{HOST} refused the Kerberos ticket for {SERVICE}")


def test_no_kdc(realm: Realm, tmp_path: Path) -> None:
    """It is not reached, which is another thing than being refused."""
    text = Path(realm.kdc.variables["KRB5_CONFIG"]).read_text().replace(f":{realm.kdc.port}", ":1")
    (tmp_path / "krb5.conf").write_text(text)
    keytab = realm.kdc.keytab("other.keytab", default_user())
    done = realm.run("list", KRB5_CONFIG=str(tmp_path / "krb5.conf"), KRB5_CLIENT_KTNAME=str(keytab))
    assert_fails(done, 14, "no KDC of the Kerberos realm answers")


def test_without_the_libraries(realm: Realm) -> None:
    blocked = "import importlib.util as u; find = u.find_spec; "
    blocked += "u.find_spec = lambda name, *a: None if name == 'gssapi' else find(name, *a); "
    blocked += "from lockctl.cli.run import run_command_line; import sys; sys.exit(run_command_line(sys.argv[1:]))"
    done = lockctl(realm.variables(), "list", "--kerberos", command=(sys.executable, "-c", blocked))
    assert_fails(done, 2, "Kerberos needs more than is installed. Install it: pip install 'lockctl[kerberos]'")
