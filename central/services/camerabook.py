"""The register of cameras that events are compared with: what the fleet's bundles say, and what the site file lists."""

from central.services.noticing import ListedCameras
from central.store import fleet
from central.store.database import Database
from contract.clock import Clock
from contract.errors import TransientError

FRESH_S = 30.0
"""How long a look into the register holds. A camera that was just given to a node may be marked unknown for that long;
a look for every event would cost more than everything else that intake does."""


class FleetCameras:
    """A `CameraBook`. Several threads may ask; at worst two of them look at once."""

    def __init__(self, database: Database, listed: ListedCameras, clock: Clock) -> None:
        self._database = database
        self._listed = listed
        self._clock = clock
        self._looked_at_s: float | None = None
        self._node_of: dict[str, str] = {}

    @property
    def is_kept(self) -> bool:
        self._refresh()
        return bool(self._node_of) or self._listed.is_kept

    def nodes_of(self, camera_id: str) -> frozenset[str]:
        node_id = self._node_of.get(camera_id)
        listed = self._listed.nodes_of(camera_id)
        return listed if node_id is None else listed | {node_id}

    def _refresh(self) -> None:
        now_s = self._clock.monotonic()
        if self._looked_at_s is not None and now_s - self._looked_at_s < FRESH_S:
            return
        self._looked_at_s = now_s
        try:
            with self._database.read() as connection:
                self._node_of = {str(name): str(node) for name, node in fleet.nodes_of_cameras(connection).items()}
        except TransientError:
            return  # the last look serves; the commit that follows will say that the database is away
