"""What a transport tells of how its messages are protected, against servers of several ages."""

from __future__ import annotations

import pytest

from lockctl.transport.base import Protection
from tests.contract.places import Place, connect
from tests.lab.samba import Samba


def test_only_a_network_is_protected(place: Place) -> None:
    over_smb = place.kind in ("plain", "lane")
    assert place.transport.protection() == (Protection("SMB 3.1.1", encrypted=True) if over_smb else None)


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        ("SMB2_02", Protection("SMB 2.0.2", encrypted=False)),
        ("SMB2_10", Protection("SMB 2.1", encrypted=False)),
        ("SMB3_00", Protection("SMB 3.0", encrypted=True)),
    ],
)
def test_older_servers(protocol: str, told: Protection) -> None:
    with Samba(options={"server max protocol": protocol}) as samba:
        samba.put("backup", "locks/lock", b"x")
        for lane in (False, True):
            transport = connect(samba, "", lane=lane)
            assert transport.protection() == told
            assert transport.may_delete("locks") is True
            transport.close()
