"""Where `secret: name` finds its value: the environment, the node's own file, or what central sealed to this node.

All three end up in the process's environment, the one place where settings look (`edge.settings.secret_value`).
"""

from collections.abc import Mapping, MutableMapping
from pathlib import Path

import yaml

from contract.errors import UsageError

SECRETS_FILE = "secrets.yaml"


def variable_of(name: str) -> str:
    """The environment variable of a secret.

    >>> variable_of("cam-17")
    'XUNJIE_SECRET_CAM_17'
    """
    return "XUNJIE_SECRET_" + name.upper().replace("-", "_").replace(".", "_")


def take_file(state_dir: Path, environment: MutableMapping[str, str]) -> None:
    """Puts ``state_dir/secrets.yaml`` (name: value) at hand; what the environment says already wins.

    Raises:
        UsageError: the file is malformed, or others than its owner may read it.
    """
    path = state_dir / SECRETS_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{path}: others may read these secrets; run chmod 600 on it")
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can't be read as YAML; write one `name: value` a line") from error
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise UsageError(f"{path}: write one `name: value` a line, each value in quotes")
    for name, value in content.items():
        environment.setdefault(variable_of(str(name)), value)


class SealedSecrets:
    """What central sealed, laid over what was there; a secret that central takes back uncovers what it covered."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._environment = environment
        self._covered: dict[str, str | None] = {}

    def lay(self, secrets: Mapping[str, str]) -> frozenset[str]:
        """Puts exactly these at hand; gives the names whose value is now another."""
        wanted = {variable_of(name): (name, value) for name, value in secrets.items()}
        changed = set()
        for variable in self._covered.keys() - wanted.keys():
            old = self._covered.pop(variable)
            changed.add(variable)
            if old is None:
                self._environment.pop(variable, None)
            else:
                self._environment[variable] = old
        for variable, (_name, value) in wanted.items():
            self._covered.setdefault(variable, self._environment.get(variable))
            if self._environment.get(variable) != value:
                self._environment[variable] = value
                changed.add(variable)
        return frozenset(changed)
