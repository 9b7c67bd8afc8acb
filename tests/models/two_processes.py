"""Trains as ultralytics' DDP does, on two CPU processes: what a machine with several GPUs would run, without one.

Not a test itself: test_training starts it. What differs from a GPU machine is named here and nowhere else: the process
group speaks gloo, and the model stays on the CPU. The trainer is made in each process by the very script that
ultralytics generates, from the state that it pickles.

python -m tests.models.two_processes PLAN.yaml
"""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-subclassing-any, allow-untyped-calls
# mypy: disable-error-code="import-not-found, assignment, misc, method-assign, no-untyped-def"

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from models.torch_env import prepare

prepare()

from torch import distributed, nn  # noqa: E402
from ultralytics.utils import DEFAULT_CFG, RANK  # noqa: E402
from ultralytics.utils.dist import ddp_cleanup, find_free_network_port, generate_ddp_file  # noqa: E402

from models import train as steps  # noqa: E402
from models.plan import REPOSITORY, read_plan  # noqa: E402
from models.trainer import StreetTrainer, last_checkpoint, settings_of  # noqa: E402
from models.training.checkpoint import keep_plain  # noqa: E402
from models.training.provenance import keep_or_compare, provenance  # noqa: E402
from models.training.sources import check_sources  # noqa: E402

PROCESSES = 2


class GlooTrainer(StreetTrainer):
    """The street trainer in one of two CPU processes."""

    def __init__(self, cfg: Any = DEFAULT_CFG, overrides: Any = None, _callbacks: Any = None) -> None:
        super().__init__(cfg, overrides, _callbacks)
        if RANK != -1:
            self.world_size = PROCESSES

    def _setup_ddp(self) -> None:
        distributed.init_process_group("gloo", rank=RANK, world_size=PROCESSES)
        on_gpus = nn.parallel.DistributedDataParallel

        def on_cpus(model: Any, device_ids: Any, **options: Any) -> Any:
            return on_gpus(model, **options)

        nn.parallel.DistributedDataParallel = on_cpus


def main(plan_path: Path) -> None:
    plan = read_plan(plan_path)
    sources = check_sources(plan)
    keep_or_compare(plan.run_dir, provenance(plan, sources, {}))
    parts = steps.lay_out_all(plan, sources, lambda step, total: None, lambda: None)
    trainer = GlooTrainer(overrides=settings_of(plan, REPOSITORY / plan.start, steps.write_lists(plan, parts)))
    script = generate_ddp_file(trainer)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(PROCESSES), "--master_port"]
    try:
        subprocess.run([*command, str(find_free_network_port()), __file__, script], check=True, cwd=REPOSITORY)
    finally:
        ddp_cleanup(trainer, script)
    keep_plain(last_checkpoint(plan.run_dir), plan.run_dir / "weights.pt")


if __name__ == "__main__":
    if sys.argv[1].endswith(".py"):
        runpy.run_path(sys.argv[1], run_name="__main__")
    else:
        from tests.models import two_processes  # by its name, as the pickled state will ask for it

        two_processes.main(Path(sys.argv[1]))
