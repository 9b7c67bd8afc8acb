"""Durations as people say them."""

_UNITS = {"zh": ("小时", "分", "秒"), "en": ("h", "min", "s")}


def spelled(seconds: float, language: str) -> str:
    """`seconds` in ``zh`` or ``en``; from an hour on without the seconds.

    >>> spelled(45, "en"), spelled(330, "en"), spelled(7512, "zh"), spelled(0, "zh")
    ('45 s', '5 min 30 s', '2 小时 5 分', '0 秒')
    """
    whole = round(seconds)
    counts = [whole // 3600, whole % 3600 // 60, whole % 60 if whole < 3600 else 0]
    units = _UNITS[language]
    said = [f"{count} {unit}" for count, unit in zip(counts, units, strict=True) if count]
    return " ".join(said) or f"0 {units[-1]}"
