"""The weighted mean of two checkpoints of one architecture: what both have learned, in one net of the same cost.

A net that was trained on from another lies in the same valley, and between the two the loss hardly rises: the mean
keeps most of what each is good at ("Model soups", Wortsman et al., 2022, arXiv:2203.05482; for a fine-tuned net and
the one it started from "Robust fine-tuning of zero-shot models", Wortsman et al., 2022, arXiv:2109.01903). Nets
trained apart from each other don't: their mean is noise. So the result must be judged like any other model.
"""

# torch is partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-untyped-calls, disable-error-code="import-not-found"

from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from contract.errors import UsageError
from datasets.whole_file import sha256_of, write_whole, write_whole_json
from models.machine import package_versions
from models.torch_env import prepare

FORMAT = "xunjie-blend/1"


def blend(first: Path, second: Path, share: float, out: Path) -> dict[str, Any]:
    """Writes `out`, weights for `export`, and beside it what they were made from, as ``OUT.json``; gives the latter.

    Args:
        first: a ``.pt`` that is known (`models.trust`) to the caller, as is `second`.
        second: of the same architecture and labels.
        share: of `second` in the mean, 0..1.
        out: does not exist yet.

    Raises:
        UsageError: `out` is there, or the two are not of one kind; the message names the first difference.
    """
    if out.exists():
        raise UsageError(f"{out}: is there already; give another --out")
    prepare()
    import torch

    nets = {path: _net(path) for path in (first, second)}
    _require_alike(first, nets[first], second, nets[second])
    mixed = deepcopy(nets[first])
    mixed.load_state_dict(_mean(nets[first].state_dict(), nets[second].state_dict(), share))
    mixed.args = {"task": "detect", "imgsz": 640}
    content = {"model": mixed.eval(), "train_args": mixed.args, "epoch": -1}
    write_whole(out, lambda part: torch.save(content, part), durable=True)
    told = _told(first, second, share, out)
    write_whole_json(out.with_name(f"{out.name}.json"), told)
    return told


def _net(path: Path) -> Any:
    """The network in a checkpoint, in single precision: the mean of two halves does not fit a half."""
    import torch

    content: Any = cast(Any, torch.load)(path, map_location="cpu", weights_only=False)
    net = content.get("ema") or content.get("model") if isinstance(content, dict) else None
    if net is None or not hasattr(net, "names"):
        raise UsageError(
            f"{path}: holds no ultralytics detection model; give a .pt that `python -m models train` wrote"
        )
    return net.float()


def _require_alike(first: Path, one: Any, second: Path, other: Any) -> None:
    if one.names != other.names:
        raise UsageError(f"{second}: has other labels than {first}; only nets of one kind can be mixed")
    shapes = [{name: tuple(value.shape) for name, value in net.state_dict().items()} for net in (one, other)]
    odd = next((name for name in {**shapes[0], **shapes[1]} if shapes[0].get(name) != shapes[1].get(name)), None)
    if odd is not None:
        told = " and ".join(str(shape.get(odd, "nothing")) for shape in shapes)
        raise UsageError(f"{second}: another architecture than {first} ({odd} is {told}); only one kind can be mixed")


def _mean(one: dict[str, Any], other: dict[str, Any], share: float) -> dict[str, Any]:
    """Weights and running statistics alike; counters stay the first's."""
    return {
        name: (1 - share) * value + share * other[name] if value.is_floating_point() else value
        for name, value in one.items()
    }


def _told(first: Path, second: Path, share: float, out: Path) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "sha256": sha256_of(out),
        "of": [
            {"weights": path.as_posix(), "sha256": sha256_of(path), "share": part}
            for path, part in ((first, 1 - share), (second, share))
        ],
        "packages": package_versions(),
    }
