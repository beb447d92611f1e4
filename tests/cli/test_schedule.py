"""`lockctl schedule`: real systemd-analyze, a real shell, and runs as cron and systemd start them."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import Done, assert_fails, lockctl
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.known import Known
from tests.lab.seal import aged_lock

STRANGE = "smb://joe@nas/back%20up/a $HOME \"b\" 'c' %i"
EXPOSURE = 5.0
"""From which on systemd-analyze says MEDIUM and worse."""


@pytest.fixture
def known(tmp_path: Path, new_repository: NewRepository) -> Known:
    """One repository by name, with an old lock."""
    found = Known(tmp_path)
    found.open({"nas": new_repository()})
    aged_lock(found.repositories["nas"], 2 * HOUR, WEB1)
    return found


def schedule(known: Known, *words: str, **variables: str) -> Done:
    done = lockctl(known.variables(**variables), "schedule", *words)
    assert "lab-password" not in done.text
    return done


def files_of(text: str) -> dict[str, str]:
    """The files that the units are to be put into, by their names."""
    parts = re.split(r"^# /etc/systemd/system/(\S+)$\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def line_of(text: str) -> tuple[str, dict[str, str], str]:
    """When, with which variables and what, as cron(8) reads it."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    variables = {}
    for line in lines[:-1]:
        name, _, value = line.partition("=")
        assert value[0] == value[-1]
        assert value[0] in "\"'"
        variables[name] = value[1:-1]
    fields = lines[-1].split(None, 5)
    command, *_ = re.split(r"(?<!\\)%", fields[5])
    return " ".join(fields[:5]), variables, command.replace("\\%", "%")


def run_by_cron(known: Known, text: str) -> subprocess.CompletedProcess[str]:
    """With the environment that cron gives, a shell, and no terminal."""
    _, variables, command = line_of(text)
    command = command.replace("--jitter 5m", "--jitter 1s")
    usual = {"HOME": str(known.home), "LOGNAME": "root", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    return subprocess.run(
        ["/bin/sh", "-c", command], env={**usual, **variables}, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_crontab_line_that_works(known: Known) -> None:
    done = schedule(known, "--cron", "-r", "nas", "--older", "90m")
    assert (done.status, done.stderr) == (0, "")
    when, variables, command = line_of(done.stdout)
    assert re.fullmatch(r"\d+ \* \* \* \*", when)
    assert variables == {"LOCKCTL_STATE_DIR": str(known.state)}
    assert "prune -r nas --older 90m --yes --quiet --skip-if-running --jitter 5m --timeout 30m" in command
    first = run_by_cron(known, done.stdout)
    assert (first.returncode, first.stdout) == (3, ""), "it has seen nothing yet"
    repository = known.repositories["nas"]
    seen_for(repository, state=known.state, address=repository.smb_address)
    second = run_by_cron(known, done.stdout)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("removed ")
    assert run_by_cron(known, done.stdout).stdout == ""


def test_a_crontab_line_without_a_configuration(known: Known) -> None:
    """What the environment has goes along, without its secrets."""
    repository = known.repositories["nas"]
    known.file.unlink()
    done = schedule(
        known,
        "--cron",
        RESTIC_REPOSITORY=repository.smb_address,
        RESTIC_PASSWORD_FILE=str(known.home / "password"),
        LOCKCTL_SMB_CREDENTIALS=str(known.home / "smb"),
    )
    seen_for(repository, state=known.state, address=repository.smb_address)
    ran = run_by_cron(known, done.stdout)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("removed ")


@pytest.mark.parametrize(
    ("every", "when"),
    [
        ("10m", r"\d(,\d\d){5} \* \* \* \*"),
        ("30m", r"\d+,\d+ \* \* \* \*"),
        ("1h", r"\d+ \* \* \* \*"),
        ("6h", r"\d+ \d,\d+,\d+,\d+ \* \* \*"),
        ("1d", r"\d+ \d+ \* \* \*"),
    ],
)
def test_how_often(known: Known, every: str, when: str) -> None:
    done = schedule(known, "--cron", "--all", "--every", every)
    assert re.fullmatch(when, line_of(done.stdout)[0])
    timer = files_of(schedule(known, "--systemd", "--all", "--every", every).stdout)["lockctl-prune.timer"]
    (calendar,) = re.findall(r"^OnCalendar=(.*)$", timer, re.MULTILINE)
    checked = subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_strange_words_reach_the_command_as_they_are(known: Known) -> None:
    """Through cron's own %, and a shell."""
    done = schedule(known, "--cron", "-r", STRANGE, "--password-command", "echo '50%' \"$x\"")
    words = shlex.split(line_of(done.stdout)[2])
    assert words[words.index("-r") + 1] == STRANGE
    assert words[words.index("--password-command") + 1] == "echo '50%' \"$x\""


@pytest.fixture
def units(known: Known, tmp_path: Path) -> dict[str, Path]:
    """The files for a repository with a strange address, and secrets in files."""
    secrets = ["--password-file", str(known.home / "password"), "--smb-credentials", str(known.home / "smb")]
    done = schedule(known, "--systemd", "-r", STRANGE, *secrets)
    assert (done.status, done.stderr) == (0, "")
    folder = tmp_path / "units"
    folder.mkdir()
    found = {}
    for name, text in files_of(done.stdout).items():
        found[name] = folder / name
        found[name].write_text(text)
    return found


def test_systemd_takes_the_units(units: dict[str, Path]) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units.values())], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_calls_the_service_ok(units: dict[str, Path]) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", str(units["lockctl-prune.service"])],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+) (\w+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert (float(found[1]) < EXPOSURE, found[2]) == (True, "OK")


def test_strange_words_in_a_unit(units: dict[str, Path]) -> None:
    """By the rules of systemd.service(5): quotes, then %% and $$."""
    service = units["lockctl-prune.service"].read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)]
    assert words[words.index("-r") + 1] == STRANGE
    assert not re.search(r"(?<!%)%(?!%)", re.sub("%%", "", line))


def test_the_service_works_with_what_systemd_gives_it(known: Known, tmp_path: Path) -> None:
    """The credentials in a folder of their own, and the state where StateDirectory= is."""
    repository = known.repositories["nas"]
    known.file.unlink()
    secrets = {"RESTIC_PASSWORD_FILE": str(known.home / "password"), "LOCKCTL_SMB_CREDENTIALS": str(known.home / "smb")}
    done = schedule(known, "--systemd", "-r", repository.smb_address, **secrets)
    service = files_of(done.stdout)["lockctl-prune.service"]
    handed = dict(re.findall(r"^LoadCredential=(\S+):(\S+)$", service, re.MULTILINE))
    assert set(handed) == {"restic-password", "smb-credentials"}
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name, path in handed.items():
        (folder / name).write_bytes(Path(path).read_bytes())
        Path(path).unlink()
    (line,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    state = tmp_path / "var-lib"
    assert "Environment=LOCKCTL_STATE_DIR=%S/lockctl" in service
    seen_for(repository, state=state / "lockctl", address=repository.smb_address)
    ran = subprocess.run(
        shlex.split(line),
        env={
            "HOME": str(known.home),
            "PATH": "/usr/bin:/bin",
            "CREDENTIALS_DIRECTORY": str(folder),
            "LOCKCTL_STATE_DIR": str(state / "lockctl"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("removed ")


def test_a_credential_is_the_last_that_is_asked(known: Known, tmp_path: Path) -> None:
    (tmp_path / "restic-password").write_text("wrong\n")
    assert lockctl(known.variables(CREDENTIALS_DIRECTORY=str(tmp_path)), "list", "-r", "nas").status == 0
    known.extra["nas"] = ""
    known.file.write_text(known.file.read_text().replace('password_file = "~/password"\n', ""))
    environment = known.variables(CREDENTIALS_DIRECTORY=str(tmp_path))
    assert_fails(lockctl(environment, "list", "-r", "nas"), 12, "wrong password")
    assert lockctl({**environment, "RESTIC_PASSWORD": "lab-password"}, "list", "-r", "nas").status == 0


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["-r", "smb://joe@nas/b"], {"RESTIC_PASSWORD": "hidden"}, "put the repository's password into a file"),
        (["-r", "smb://joe@nas/b"], {"RESTIC_PASSWORD_FILE": "/p"}, "put user and password of the share into a file"),
        (
            ["-r", "rclone:nas:b", "--insecure-no-password"],
            {"RCLONE_CONFIG_NAS_PASS": "hidden"},
            "write rclone's remote nas into its configuration",
        ),
        (["-r", "/srv/b"], {"RESTIC_PASSWORD_COMMAND": "pass x"}, ""),
    ],
)
def test_what_nobody_will_be_there_to_type(
    known: Known, words: list[str], variables: dict[str, str], said: str
) -> None:
    for form in ("--cron", "--systemd"):
        done = schedule(known, form, *words, **variables)
        assert done.status == 0, done.text
        assert ("# TO DO: " in done.stdout) is bool(said)
        assert said in done.stdout
        assert "hidden" not in done.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all"], "one of --cron and --systemd"),
        (["--cron", "--systemd", "--all"], "one of --cron and --systemd"),
        (["--cron", "--all", "--every", "7m"], "a crontab has no line for every 7 min. Give 10m"),
        (["--cron", "--password-command", "x" * 900, "-r", "/srv/b"], "the line is longer than crons read"),
        (
            ["--cron", "-r", r"\\nas\backup"],
            "a crontab cannot hold a backslash. Give the repository a name, or write //HOST",
        ),
        (["--cron", "-r", "nsa"], "no repository 'nsa' is configured. Did you mean nas?"),
        (["--cron", "-r", "smb://joe:hidden@nas/b"], "the address has a password"),
        (["--systemd", "-r", "/srv/b", "--password-file", "/a b"], "a unit cannot hold the path /a b"),
    ],
)
def test_what_cannot_be_planned(known: Known, words: list[str], said: str) -> None:
    done = schedule(known, *words)
    assert_fails(done, 2, said)
    assert "hidden" not in done.text
