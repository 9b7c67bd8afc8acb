"""The streets there are: the demo's corner and streets of chance."""

from edge.scene.chance_streets import random_street
from edge.scene.demo import demo_street
from edge.scene.street import Street

__all__ = ["Street", "demo_street", "random_street"]
