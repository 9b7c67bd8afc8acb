"""What every kind of object can say about itself."""

from typing import Protocol

from edge.scene.mesh import Mesh


class Form(Protocol):
    """The looks of one object; a frozen value, so that what is drawn can be kept by it."""

    @property
    def is_still(self) -> bool:
        """Whether the mesh is the same at every moment."""
        ...

    @property
    def half_size_m(self) -> tuple[float, float]:
        """Half the width and half the length of the ground it stands on, for painter's order."""
        ...

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        """Parts in the local frame, `age_s` after it came and `travelled_m` along its way."""
        ...
