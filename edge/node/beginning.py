"""What a node begins with: its keys, and the configuration that central wished for last, else its own."""

import os
from dataclasses import dataclass

from contract.clock import Clock
from edge.desired.keeper import Keeper
from edge.desired.last_good import LastGood
from edge.desired.secrets_at_hand import take_file
from edge.keys import NodeKeys, node_keys
from edge.rules.policy import Policies
from edge.settings import NodeSettings, load_policies


@dataclass(frozen=True, slots=True)
class Beginning:
    """`settings` and `policies` in force; `keeper` receives the next ones."""

    settings: NodeSettings
    policies: Policies
    keys: NodeKeys
    keeper: Keeper


def begin(settings: NodeSettings, clock: Clock) -> Beginning:
    """Reads the state folder of `settings`.

    Raises:
        UsageError: policies, keys or the folder itself are wrong.
    """
    keys = node_keys(settings.state_dir)
    take_file(settings.state_dir, os.environ)
    keeper = Keeper(settings, keys, LastGood(settings.state_dir), clock, os.environ)
    wanted = keeper.at_start()
    if wanted is None:
        return Beginning(settings, load_policies(settings.policies), keys, keeper)
    return Beginning(wanted.settings, wanted.policies, keys, keeper)
