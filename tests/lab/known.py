"""Several repositories of one Samba that a configuration file knows by name, and runs that use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.restic import FOREIGN_PREFIXES, Repository


@dataclass(slots=True)
class Known:
    """A home with a configuration, and secrets in files. The environment knows nothing of any repository."""

    home: Path
    repositories: dict[str, Repository] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    """By a repository's name, what else is said of it."""

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self.home / ".config/lockctl/config.toml"

    @property
    def state(self) -> Path:
        """The state folder of its runs."""
        return self.home / ".local/state/lockctl"

    def open(self, repositories: Mapping[str, Repository]) -> None:
        """Makes these known."""
        self.repositories.update(repositories)
        first = next(iter(repositories.values()))
        self.secret("password", f"{first.password}\n")
        self.secret("smb", f"username={first.samba.user}\npassword={first.samba.password}\n")
        self.write()

    def write(self, head: str = "") -> None:
        """Writes the file anew; `head` stands before the repositories."""
        parts = [head]
        for name, repository in self.repositories.items():
            said = f'[repositories.{name}]\naddress = "{repository.smb_address}"\nsmb_credentials = "~/smb"\n'
            password = "" if "password_" in self.extra.get(name, "") else 'password_file = "~/password"\n'
            parts.append(said + password + self.extra.get(name, ""))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text("\n".join(parts), encoding="utf-8")
        self.file.chmod(0o600)

    def secret(self, name: str, text: str) -> Path:
        """A file in the home that nobody else can read."""
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a run."""
        usual = next(iter(self.repositories.values())).env
        plain = {name: value for name, value in usual.items() if not name.startswith((*FOREIGN_PREFIXES, "XDG_"))}
        return {**plain, "HOME": str(self.home), "LOCKCTL_STATE_DIR": str(self.state), **more}
