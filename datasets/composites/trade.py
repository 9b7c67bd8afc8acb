"""What vendors and shops put on the street: stalls, carts, parasols, tables, banners; and bins and rubbish."""

import numpy as np

from datasets.composites.forms import banner, table
from datasets.composites.site import Site
from datasets.composites.solids import Foot, lay_cut_out, render_mesh
from edge.scene.casting import CLOTHS
from edge.scene.forms.fittings import Bin, GarbagePile
from edge.scene.forms.trade import Cart, Parasol, Stall
from edge.scene.mesh import Bgr, Mesh, MeshBuilder

_REAL_SHARE = 0.5
"""How often a real cut-out is laid where there are enough of them."""
_ENOUGH = 12
"""Cut-outs of a label. With fewer, they are laid less often in proportion, lest the model learn those few by heart."""


def stall(site: Site, foot: Foot) -> None:
    """A stall with a roof, with a parasol over it, or bare."""
    random = site.random
    first, second = _two_cloths(random)
    cover = str(random.choice(["roof", "parasol", "none"], p=[0.35, 0.4, 0.25]))
    form = Stall(
        first,
        second,
        site.number(),
        float(random.uniform(1.3, 3.2)),
        float(random.uniform(0.8, 1.3)),
        cover == "roof",
        float(random.uniform(2.0, 2.6)),
    )
    heading = _heading(random)
    if _stand(site, foot, form.mesh(0, 0), heading, "stall") and cover == "parasol":
        canopy = _canopy(random).mesh(0, 0)
        render_mesh(site.canvas, site.camera, canopy, foot, heading, "parasol", site.number(), extends="stall")


def parasol(site: Site, foot: Foot) -> None:
    """A parasol of its own."""
    cut = site.chosen("parasol")
    if (
        cut is not None
        and site.random.random() < _real_share(site, "parasol")
        and cut.alpha.shape[1] > 1.2 * cut.alpha.shape[0]
    ):
        _pole(site, foot)
        wide = float(site.random.uniform(1.8, 3.0))
        tall = wide * cut.alpha.shape[0] / cut.alpha.shape[1]
        lift = float(site.random.uniform(1.7, 2.1))
        lay_cut_out(site.canvas, cut, foot, tall, lift, mirrored=bool(site.random.random() < 0.5))
        return
    _stand(site, foot, _canopy(site.random).mesh(0, 0), 0.0, "parasol")


def cart(site: Site, foot: Foot) -> None:
    """A vendor's tricycle or truck, sometimes under a parasol."""
    if _real(site, foot, "vendor_cart", (1.5, 2.6)):
        return
    random = site.random
    first, second = _two_cloths(random)
    form = Cart(first, second, site.number(), float(random.uniform(1.4, 2.3)))
    if _stand(site, foot, form.mesh(0, 0), _heading(random) + 90.0, "vendor_cart") and random.random() < 0.25:
        _stand(site, foot, _canopy(random).mesh(0, 0), 0.0, "parasol")


def tables(site: Site, foot: Foot) -> None:
    """A table with stools."""
    _stand(site, foot, table(site.number()), _heading(site.random), "table")


def strung_banner(site: Site, foot: Foot) -> None:
    """A cloth banner between posts, facing the camera more or less."""
    _stand(site, foot, banner(site.number()), 180.0 + float(site.random.uniform(-50, 50)), "banner")


def bins(site: Site, foot: Foot) -> None:
    """One to three waste containers in a row."""
    for k in range(int(site.random.integers(1, 4))):
        beside = site.foot(foot.x_px + k * 0.95 * foot.px_per_m, foot.y_px)
        if beside is None or _real(site, beside, "waste_container", (1.0, 1.7)):
            continue
        colour = CLOTHS[int(site.random.integers(len(CLOTHS)))]
        form = Bin(colour, colour, is_open=bool(site.random.random() < 0.3))
        _stand(site, beside, form.mesh(0, 0), _heading(site.random), "waste_container")


def rubbish(site: Site, foot: Foot) -> None:
    """A heap of bags and boxes."""
    if not _real(site, foot, "garbage_pile", (0.5, 1.2)):
        form = GarbagePile(site.number(), float(site.random.uniform(0.4, 1.3)))
        _stand(site, foot, form.mesh(0, 0), 0.0, "garbage_pile")


def _real(site: Site, foot: Foot, label: str, height_m: tuple[float, float]) -> bool:
    """Lay a real one, if there is one and chance wants it; whether it stands."""
    cut = site.chosen(label)
    if cut is None or site.random.random() > _real_share(site, label):
        return False
    tall = float(site.random.uniform(*height_m))
    return lay_cut_out(site.canvas, cut, foot, tall, 0.0, mirrored=bool(site.random.random() < 0.5))


def _real_share(site: Site, label: str) -> float:
    return _REAL_SHARE * min(1.0, len(site.cuts.get(label, ())) / _ENOUGH)


def _stand(site: Site, foot: Foot, mesh: Mesh, heading_deg: float, label: str) -> bool:
    return render_mesh(site.canvas, site.camera, mesh, foot, heading_deg, label, site.number())


def _pole(site: Site, foot: Foot) -> None:
    builder = MeshBuilder()
    builder.limb((0, 0, 0), (0, 0, 2.1), 0.03, (150, 150, 155))
    render_mesh(site.canvas, site.camera, builder.build(), foot, 0.0, None, site.number())


def _canopy(random: np.random.Generator) -> Parasol:
    segments = int(random.choice([4, 6, 8, 10]))
    return Parasol(*_two_cloths(random), float(random.uniform(1.0, 1.7)), float(random.uniform(2.2, 2.8)), segments)


def _heading(random: np.random.Generator) -> float:
    """Fronts look at the street, and so mostly at the camera."""
    return 180.0 + float(random.normal(0, 40))


def _two_cloths(random: np.random.Generator) -> tuple[Bgr, Bgr]:
    one, other = (CLOTHS[int(k)] for k in random.choice(len(CLOTHS), 2, replace=False))
    return (one, one) if random.random() < 0.3 else (one, other)
