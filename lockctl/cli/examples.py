"""The examples below `--help`: of each command two or more, each with what it is for."""

from __future__ import annotations

EXAMPLES = {
    "list": (
        ("lockctl list -r smb://backup@nas/backup/restic", "who holds which lock on a share"),
        ("lockctl list --state stale --older 2h --json", "stale locks of two hours and more, for a script"),
    ),
    "ls": (
        ("lockctl ls", "the same as lockctl list"),
        ("lockctl ls --host web1", "the locks of one host"),
    ),
    "show": (
        ("lockctl show 9cd2db65", "each fact that the lock's state rests on"),
        ("lockctl show --watch 9cd2", "stay until it is renewed, gone or settled"),
    ),
    "prune": (
        ("lockctl prune -n", "what would be removed, and why the rest stays"),
        ("lockctl prune --yes --quiet", "for cron: a line only where something was removed or failed"),
        ("lockctl prune --host web1 --watch", "settle what is in doubt, then ask"),
    ),
    "rm": (
        ("lockctl rm 9cd2db65 -n", "whether it would be removed"),
        ("lockctl rm --force 9cd2db65", "whatever its state, after its id was typed in"),
    ),
    "restore": (
        ("lockctl restore 9cd2db65", "put it back where it came from"),
        ("lockctl restore -r //nas/backup/restic 9cd2db65", "the same, where the share has another address now"),
    ),
    "history": (
        ("lockctl history --since 7d", "what was removed within a week"),
        ("lockctl history --host web1 --limit 5", "the last five of one host"),
    ),
    "watch": (
        ("lockctl watch", "the list, live, until Ctrl-C"),
        ("lockctl watch --json", "one object a line for each event"),
    ),
    "doctor": (
        ("lockctl doctor", "what is wrong with locking, and what to do"),
        ("lockctl doctor --log backup.log", "what restic's output tells"),
    ),
    "check": (
        ("lockctl check -w stale=0 -c oldest=1d", "for Nagios and its kin: warn of any stale lock"),
        ("lockctl check --ping https://hc-ping.com/UUID", "tell healthchecks.io, too"),
    ),
    "metrics": (
        ("lockctl metrics", "what Prometheus would collect"),
        (
            "lockctl metrics --textfile /var/lib/prometheus/node-exporter/lockctl.prom",
            "for the textfile collector of node_exporter",
        ),
    ),
    "run": (
        ("lockctl run -- restic backup /home", "says what happened where a lock is in the way"),
        (
            "lockctl run --restart-on-breaker 3 --prune-stale -- restic backup /home",
            "starts again where that is safe",
        ),
    ),
    "advise": (
        ("lockctl advise", "when the backups meet, and a schedule that keeps them apart"),
        ("lockctl advise --systemd", "the same as timers"),
    ),
    "schedule": (
        ("lockctl schedule --cron -r nas", "a line for crontab -e"),
        ("lockctl schedule --systemd --all --every 30m", "a service and a timer"),
    ),
    "config": (
        ("lockctl config init", "writes a file with comments, by the environment and by questions"),
        ("lockctl config check", "every mistake with its line"),
    ),
    "schema": (
        ("lockctl schema", "the names that there are"),
        ("lockctl schema list", "what list --json prints"),
    ),
    "completion": (
        ("lockctl completion bash > ~/.local/share/bash-completion/completions/lockctl", "for bash, for good"),
        ("lockctl completion fish | source", "for this fish alone"),
    ),
}
"""By the command: what is typed, and what that does."""
