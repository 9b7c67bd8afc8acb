"""`python -m models blend`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from datasets.commands.telling import AsJson, console
from models.commands.telling import errors_told


def blend(
    first: Annotated[Path, typer.Argument(help="Weights (.pt), as of the model that is in use.")],
    second: Annotated[Path, typer.Argument(help="Weights trained on from them: same architecture, same labels.")],
    out: Annotated[Path, typer.Option(help="The .pt to write; beside it OUT.json says what it was made from.")],
    share: Annotated[
        float, typer.Option(min=0, max=1, help="Of the second: 0 gives the first, 1 the second, 0.5 the mean.")
    ] = 0.5,
    trust: Annotated[list[str] | None, typer.Option(help="sha256 of a .pt that you answer for; repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Mix two nets into one: every weight becomes the mean of both.

    A net that was trained on for a new place forgets some of the old. Mixed with the one it started from it keeps most
    of what each can do, at no cost: more than the mean of their figures, as a rule. Only for nets of which one comes
    from the other, or both from one; others give noise. Try shares of .3, .5, .7 and judge each
    (`python -m models evaluate`): nothing guarantees the result.

    Exit 0 when written, 2 when the two can't be mixed.

    Example:  python -m models blend runs/street-2/weights.pt runs/street-2.1/weights.pt --out runs/half.pt
    Then:     python -m models export --weights runs/half.pt --trust SHA256 --run runs/street-2.1 --version 2.1.0 ...
    """
    from models.blend import blend as mix
    from models.trust import as_hashes, require_known

    with errors_told():
        vouched = as_hashes(trust or ())
        for path in (first, second):
            require_known(path, vouched)
        told = mix(first, second, share, out)
    if as_json:
        print(json.dumps(told))
    else:
        console.print(f"{out}: written; `export` takes it with --trust {told['sha256']}")
