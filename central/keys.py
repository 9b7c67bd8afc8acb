"""Central's own keys: it signs bundles and requests, and opens what nodes seal to it."""

from pathlib import Path

from contract.errors import UsageError
from contract.keys import KeyPairs, PublicKeys, has_key_pairs, read_key_pairs, write_key_pairs
from contract.sealing import UnsealKey

NAME = "central"


def central_keys(folder: Path) -> KeyPairs:
    """The keys in `folder`, made there if there are none.

    Raises:
        UsageError: they are damaged or open to others, or can't be written.
    """
    if not has_key_pairs(folder):
        write_key_pairs(folder, KeyPairs.generate())
    return read_key_pairs(folder)


def renew_central_keys(folder: Path) -> KeyPairs:
    """New keys; the old ones move to ``folder/former-<key id>`` (originals sealed to them stay readable).

    Every node must be enrolled anew before it believes the new ones.

    Raises:
        UsageError: the folder can't be written.
    """
    if has_key_pairs(folder):
        old = read_key_pairs(folder)
        write_key_pairs(folder / f"former-{old.signing.key_id}", old)
    pairs = KeyPairs.generate()
    write_key_pairs(folder, pairs)
    return pairs


def unseal_keys(folder: Path) -> list[UnsealKey]:
    """What opens originals: the present key and all former ones.

    Raises:
        UsageError: one is damaged or open to others.
    """
    former = [read_key_pairs(path).sealing for path in sorted(folder.glob("former-*"))]
    return [central_keys(folder).sealing, *former]


def public_keys(pairs: KeyPairs) -> PublicKeys:
    """What nodes pin."""
    return pairs.public("central", NAME)


def write_public(path: Path, keys: PublicKeys) -> None:
    """Writes the file for the nodes.

    Raises:
        UsageError: it can't be written.
    """
    try:
        path.write_bytes(keys.to_wire() + b"\n")
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror})") from error
