"""What holds for every test: Hypothesis without a stopwatch (shared cores), printing how to repeat a failure.

The examples are the same in every run, so that a law that fails one time in ten thousand refuses nobody's unrelated
work; `make explore` draws new ones, a thousand for each law.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "xunjie",
    deadline=None,
    print_blob=True,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("xunjie"), derandomize=False, max_examples=1000)
settings.load_profile("xunjie")
