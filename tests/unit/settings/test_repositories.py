"""Which repositories a run is for."""

from __future__ import annotations

import pytest

from lockctl.errors import UsageError
from lockctl.settings.repositories import (
    Choice,
    Configuration,
    RepositorySettings,
    choose_repositories,
    find_settings,
    is_name,
)

NAS = RepositorySettings("smb://joe@nas/backup", "nas", tags=("home", "big"), smb_credentials="/smb")
OFFICE = RepositorySettings("/srv/office", "office", tags=("big",))
PLAIN = RepositorySettings("/srv/plain", "plain")
KNOWN = Configuration(repositories={"nas": NAS, "office": OFFICE, "plain": PLAIN})


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (Choice(("nas",)), [NAS]),
        (Choice(("office", "nas", "office")), [OFFICE, NAS]),
        (Choice(("nas", "/srv/other")), [NAS, RepositorySettings("/srv/other")]),
        (Choice(everything=True), [NAS, OFFICE, PLAIN]),
        (Choice(tags=("big",)), [NAS, OFFICE]),
        (Choice(everything=True, tags=("home",)), [NAS]),
        (Choice(tags=("home", "other")), [NAS]),
    ],
)
def test_the_choice(choice: Choice, chosen: list[RepositorySettings]) -> None:
    assert choose_repositories(choice, KNOWN) == chosen


@pytest.mark.parametrize(
    ("choice", "known", "words"),
    [
        (Choice(("nsa",)), KNOWN, "no repository 'nsa' is configured. Did you mean nas\\? Else for a directory: ./nsa"),
        (Choice(("qqq",)), KNOWN, "Known are nas, office, plain; for a directory: ./qqq"),
        (Choice(("nas",)), Configuration(), "none is configured. See 'lockctl config init'; for a directory: ./nas"),
        (Choice(everything=True), Configuration(), "no repository is configured. .* 'lockctl config init'"),
        (Choice(tags=("x",)), KNOWN, "no repository has the tag 'x'. Tags are big, home"),
        (Choice(tags=("x", "y")), Configuration(repositories={"plain": PLAIN}), "the tag 'x' or 'y'. None has any"),
        (Choice(("nas",), everything=True), KNOWN, "Leave one of them out"),
        (Choice(("nas",), tags=("big",)), KNOWN, "Leave one of them out"),
    ],
)
def test_choices_that_cannot_be(choice: Choice, known: Configuration, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        choose_repositories(choice, known)


@pytest.mark.parametrize("text", ["nas", "two words", "a.b", "x=y"])
def test_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["", ".", "..", "./a", "a/b", "\\\\nas\\a", "rclone:a", "C:"])
def test_addresses(text: str) -> None:
    assert not is_name(text)


def test_the_settings_of_an_address_that_the_journal_holds() -> None:
    assert find_settings("smb://joe@nas/backup", KNOWN) is NAS
    assert find_settings("smb://other@nas/backup", KNOWN) == RepositorySettings("smb://other@nas/backup")
