"""What `--help` shows: options in groups, and examples. Only a reader of it pays for that."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from typer.core import TyperCommand

_WIDEST = 30
"""Columns of an option's name; what is longer has its explanation below it."""
_REST = "Options"
_GROUPS = {
    "Arguments": "",
    "Which locks": "--state --host --older --since --limit",
    "What to remove": "--older --host --dry-run --yes --force --trust-clock --watch --fail-if-locked",
    _REST: "",
    "Repository": "--repo --all --tag --jobs --metadata-only --password-file --password-command "
    "--insecure-no-password --key-hint",
    "Share": "--smb-credentials --kerberos",
    "Output": "--format --sort --json --textfile --ping --notify --quiet --verbose --no-color",
    "This run": "--jitter --skip-if-running --timeout --state-dir --help",
}
"""The groups in their order, and what belongs to each; what is named in none is the command's own."""
_REMOVING = ("prune", "rm")


class GroupedCommand(TyperCommand):
    """A command whose help is easy to find one's way in."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options by groups, one column for all."""
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in _GROUPS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and (record[1] or record[0].startswith("--")):
                groups[_group_of(parameter, ctx.info_name)].append(record)
        names = [name for records in groups.values() for name, _ in records if len(name) <= _WIDEST]
        widest = max(map(len, names))
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl([(name.ljust(widest), text) for name, text in records], col_max=widest)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples, as they are typed."""
        from lockctl.cli.examples import EXAMPLES

        examples = EXAMPLES.get(ctx.info_name, ())  # what is not for people has none
        with formatter.section("Examples") if examples else nullcontext():
            for words, meaning in examples:
                formatter.write(f"  {words}\n      {meaning}\n")


def _group_of(parameter: Any, command: str) -> str:
    if parameter.param_type_name == "argument":
        return "Arguments"
    left_out = "Which locks" if command in _REMOVING else "What to remove"
    for title, names in _GROUPS.items():
        if title != left_out and set(parameter.opts) & set(names.split()):
            return title
    return _REST
