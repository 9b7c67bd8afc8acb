"""The cameras that events are compared with: those of the fleet's bundles, of the site's register and of its file."""

from sqlalchemy import Connection

from central.services.noticing import ANY_NODE, ListedCameras
from central.services.registers_base import Register
from central.store import fleet, registers
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
        self._registered: dict[str, str] = {}
        self._register_version = 0

    @property
    def is_kept(self) -> bool:
        self._refresh()
        return bool(self._node_of or self._registered) or self._listed.is_kept

    def nodes_of(self, camera_id: str) -> frozenset[str]:
        """All sources together; `ANY_NODE` only where the register has the camera and nobody names a node."""
        said = {self._node_of.get(camera_id), self._registered.get(camera_id)} - {None, ANY_NODE}
        named = frozenset(str(node) for node in said) | self._listed.nodes_of(camera_id)
        if named or camera_id not in self._registered:
            return named
        return frozenset({ANY_NODE})

    def _refresh(self) -> None:
        now_s = self._clock.monotonic()
        if self._looked_at_s is not None and now_s - self._looked_at_s < FRESH_S:
            return
        self._looked_at_s = now_s
        try:
            with self._database.read() as connection:
                self._node_of = {str(name): str(node) for name, node in fleet.nodes_of_cameras(connection).items()}
                self._read_register(connection)
        except TransientError:
            return  # the last look serves; the commit that follows will say that the database is away

    def _read_register(self, connection: Connection) -> None:
        """Only when some register has changed: a city has thousands of cameras."""
        version = registers.newest_version(connection)
        if version == self._register_version:
            return
        today = self._clock.now().date().isoformat()
        rows = registers.rows_of(connection, Register.CAMERAS)
        facts = ((row.key, row.facts or {}) for row in rows)
        self._registered = {
            key: str(said.get("node_id") or ANY_NODE) for key, said in facts if (said.get("valid_to") or today) >= today
        }
        self._register_version = version
