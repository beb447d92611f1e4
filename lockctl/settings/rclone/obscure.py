"""Passwords that `rclone obscure` made. Source: rclone's fs/config/obscure."""

from __future__ import annotations

import base64

from lockctl.errors import UsageError

# This key stands in rclone's source and hides nothing from anyone; it only keeps passwords from being read over a
# shoulder. Obscured text is base64 of a nonce (16 bytes) and AES-256-CTR.
_OBSCURE_KEY = bytes.fromhex("9c935b48730a554d6bfd7c63c886a92bd390198eb8128afbf4de162b8b95f638")
_NONCE_SIZE = 16


def reveal(obscured: str, origin: str) -> str:
    """The password that this was made of. Raises UsageError, which names its `origin`, where it is not obscured."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if not obscured:
        return ""
    try:
        data = base64.b64decode(obscured + "=" * (-len(obscured) % 4), altchars=b"-_", validate=True)
        decryptor = Cipher(algorithms.AES(_OBSCURE_KEY), modes.CTR(data[:_NONCE_SIZE])).decryptor()
        return (decryptor.update(data[_NONCE_SIZE:]) + decryptor.finalize()).decode("utf-8")
    except ValueError:
        # Without its cause, which can quote what it could not decode.
        raise UsageError(
            f"the password in {origin} is not an obscured one: rclone takes no other there",
            "Make it of the plain one with 'rclone obscure -', which reads it from standard input",
        ) from None
