"""Which of our words each label of the training data means, and how sure the detector must be to say it."""

from collections.abc import Sequence

from contract.errors import UsageError
from contract.manifest import ModelClass
from contract.taxonomy import Context, Seen

STREET_LABELS = (
    "smoke",
    "flame",
    "stall",
    "vendor_cart",
    "parasol",
    "shop_sign",
    "billboard",
    "garbage_pile",
    "waste_container",
    "person",
    "vehicle",
    "cycle",
    "grill",
    "table",
    "banner",
)
"""The street detector's output channels, in order; weights are copied by name, so a new label may stand anywhere."""

MEANING_BY_LABEL: dict[str, Seen | Context] = {
    "smoke": Seen.SMOKE,
    "flame": Seen.FLAME,
    "grill": Seen.GRILL,
    "stall": Seen.STALL,
    "vendor_cart": Seen.CART,
    "parasol": Seen.PARASOL,
    "table": Seen.TABLE,
    "shop_sign": Seen.SIGN,
    "billboard": Seen.BILLBOARD,
    "banner": Seen.BANNER,
    "garbage_pile": Seen.GARBAGE,
    "waste_container": Context.WASTE_CONTAINER,
    "person": Context.PERSON,
    "vehicle": Context.VEHICLE,
    "cycle": Context.CYCLE,
}

DEFAULT_THRESHOLD = 0.25
"""Score 0..1. Solid things score far above or far below; higher loses half-hidden stalls, lower boxes every awning."""

FIRE_THRESHOLD = 0.15
"""Smoke and flame: thin smoke scores low for minutes. Confirmation over time removes what this lets through."""


def model_classes(labels: Sequence[str], thresholds: dict[str, float] | None = None) -> tuple[ModelClass, ...]:
    """The manifest's classes for a model whose output channels are `labels`.

    Raises:
        UsageError: a label has no meaning in the taxonomy.
    """
    unknown = sorted(set(labels) - set(MEANING_BY_LABEL))
    if unknown:
        known = ", ".join(sorted(MEANING_BY_LABEL))
        raise UsageError(f"the model's labels {', '.join(unknown)} mean nothing here; known: {known}")
    given = thresholds or {}
    return tuple(
        ModelClass(label=label, means=MEANING_BY_LABEL[label], threshold=given.get(label, _default(label)))
        for label in labels
    )


def _default(label: str) -> float:
    return FIRE_THRESHOLD if label in ("smoke", "flame") else DEFAULT_THRESHOLD
