"""The node's keys under its state folder, and the central that it trusts.

state_dir/keys/sign.pem, seal.pem   the node's own, 0600
state_dir/keys/central.json         central's public keys, pinned when a person compared the fingerprint
state_dir/keys/former/KEY_ID.json   public halves of keys the node had before: old evidence stays verifiable
"""

from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from contract.keys import (
    KeyPairs,
    PublicKeys,
    has_key_pairs,
    parse_public_keys,
    read_key_pairs,
    write_key_pairs,
    write_private,
)

KEYS_DIR = "keys"
CENTRAL_FILE = "central.json"
FORMER_DIR = "former"


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """The node's own keys and the pinned central; without one, nothing that central signs is believed."""

    own: KeyPairs
    central: PublicKeys | None


def node_keys(state_dir: Path) -> NodeKeys:
    """The keys in `state_dir`; a node that was never enrolled gets its own pair here and now, to sign its evidence.

    Raises:
        UsageError: keys are damaged or open to others, or can't be written.
    """
    folder = state_dir / KEYS_DIR
    if not has_key_pairs(folder):
        write_key_pairs(folder, KeyPairs.generate())
    return NodeKeys(read_key_pairs(folder), pinned_central(state_dir))


def pinned_central(state_dir: Path) -> PublicKeys | None:
    """The central that this node trusts.

    Raises:
        UsageError: the pinned file is damaged.
    """
    path = state_dir / KEYS_DIR / CENTRAL_FILE
    try:
        return parse_public_keys(path.read_bytes(), str(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); run enroll as the node's own user") from error


def renew_keys(state_dir: Path, node_id: str) -> KeyPairs:
    """New keys in place of the old ones, whose public halves are kept aside.

    Raises:
        UsageError: the folder can't be written.
    """
    folder = state_dir / KEYS_DIR
    pairs = KeyPairs.generate()
    if has_key_pairs(folder):
        old = read_key_pairs(folder)
        _write(folder / FORMER_DIR / f"{old.signing.key_id}.json", old.public("node", node_id).to_wire())
    write_key_pairs(folder, pairs)
    return pairs


def pin_central(state_dir: Path, central: PublicKeys) -> None:
    """Trusts `central` from now on.

    Raises:
        UsageError: the folder can't be written.
    """
    _write(state_dir / KEYS_DIR / CENTRAL_FILE, central.to_wire())


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, content)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror}); check the folder and its owner") from error
