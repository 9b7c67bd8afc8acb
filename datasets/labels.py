"""The words a label may be written in here, beside those a source brings itself."""

STREET_WORDS = frozenset(
    {
        "smoke", "flame", "grill", "stall", "vendor_cart", "parasol", "table", "shop_sign", "projecting_sign", "poster",
        "billboard", "gantry_sign", "banner", "garbage_pile", "waste_container", "outdoor_seating", "person", "vehicle",
        "cycle",
    }
)  # fmt: skip
"""A source of empty streets says "no flame anywhere" without having a class of that name: these words it may use."""


def is_usable_label(label: str) -> bool:
    """Whether `label` can be a class name: one printable line that no separator of a command line or a path breaks.

    >>> is_usable_label("shop sign"), is_usable_label("烟"), is_usable_label("a=b"), is_usable_label(" smoke")
    (True, True, False, False)
    """
    return bool(label) and label == label.strip() and label.isprintable() and not set(label) & set("=,/\\")
