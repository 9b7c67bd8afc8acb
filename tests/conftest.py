"""What holds for every test: Hypothesis without a stopwatch (shared cores), printing how to repeat a failure."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "xunjie", deadline=None, print_blob=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("xunjie")
