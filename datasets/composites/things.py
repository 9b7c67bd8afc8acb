"""What may be laid on a background under a label."""

LABELS = (
    "smoke",
    "flame",
    "grill",
    "stall",
    "vendor_cart",
    "parasol",
    "table",
    "banner",
    "garbage_pile",
    "waste_container",
)
"""The order is the label files' numbers."""
