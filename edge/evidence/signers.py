"""The public keys beside a chain: whoever holds only the folder can still see whether it is whole in itself.

That proves no origin: somebody who rewrote the chain would put their own key there. Compare the fingerprint, or give
`verify` a key file that came another way.
"""

import json
from pathlib import Path

from contract.errors import UsageError
from contract.keys import PublicKeys, parse_public_keys
from edge.evidence.chain import CHAIN_FOLDER
from edge.evidence.files import replace_whole, writing

SIGNERS_FOLDER = "signers"


def note_signer(folder: Path, keys: PublicKeys, note: str = "") -> None:
    """Leaves `keys` beside the chain of the evidence folder; `note` says where they come from.

    Raises:
        PermanentError: the disk refuses.
    """
    target = folder / CHAIN_FOLDER / SIGNERS_FOLDER / f"{keys.verify_key.key_id}.json"
    content = keys.model_dump(mode="json") | ({"note": note} if note else {})
    with writing(target):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(target, json.dumps(content, indent=1).encode() + b"\n")


def noted_signers(folder: Path) -> list[PublicKeys]:
    """The public keys beside the chain of the evidence folder.

    Raises:
        UsageError: a file there holds none.
    """
    return [read_signer(path) for path in sorted((folder / CHAIN_FOLDER / SIGNERS_FOLDER).glob("*.json"))]


def read_signer(path: Path) -> PublicKeys:
    """A file of public keys.

    Raises:
        UsageError: it can't be read, or holds none.
    """
    try:
        return parse_public_keys(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); give a file of public keys") from error
