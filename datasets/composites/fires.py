"""What burns and smokes: grills, bins, heaps, bare fires, thin veils, columns far down the street."""

from datasets.composites.flame import add_glow, flame_layer, flame_of_cut_out
from datasets.composites.layers import Layer
from datasets.composites.plumes import draw_fire, draw_plume
from datasets.composites.site import Site
from datasets.composites.smoke import smoke_layer
from datasets.composites.solids import Foot, lay_cut_out, render_mesh
from edge.scene.forms.fittings import Bin, GarbagePile
from edge.scene.forms.grill import Grill

_LEAST_PLUME_PX = 36.0
_REAL_FLAMES = 0.8
"""Share of flames that are cut-outs where there are any: drawn ones are plainer."""
_TRIES = 4
"""Pale smoke is not seen before a pale wall, nor dark smoke by night: another may be."""


def grill(site: Site, foot: Foot) -> None:
    """A charcoal grill, mostly smoking, sometimes flaring up."""
    random = site.random
    shade = float(random.uniform(0.4, 1.5))
    form = Grill(site.number(), float(random.uniform(0.7, 2.0)), (78 * shade, 80 * shade, 84 * shade))
    stood = render_mesh(
        site.canvas, site.camera, form.mesh(0, 0), foot, float(random.uniform(0, 360)), "grill", site.number()
    )
    if not stood:
        return
    if random.random() < 0.15:
        flame(site, foot, 0.86, float(random.uniform(0.2, 0.5)))
    if random.random() < 0.85:
        smoke(site, foot, 0.86, float(random.uniform(1.2, 4.5)))


def bin_fire(site: Site, foot: Foot) -> None:
    """A waste container that burns or smoulders."""
    cut = site.chosen("waste_container")
    tall = float(site.random.uniform(0.95, 1.5))
    if cut is not None and site.random.random() < 0.6:
        stood = lay_cut_out(site.canvas, cut, foot, tall, 0.0, mirrored=site.random.random() < 0.5)
    else:
        green = (float(site.random.uniform(30, 120)), float(site.random.uniform(60, 130)), 40.0)
        mesh = Bin(green, green, height_m=tall, is_open=True).mesh(0, 0)
        turned = float(site.random.uniform(0, 360))
        stood = render_mesh(site.canvas, site.camera, mesh, foot, turned, "waste_container", site.number())
    if stood:
        _burn(site, foot, tall * 0.92, (0.4, 1.3), (2.0, 7.0))


def heap_fire(site: Site, foot: Foot) -> None:
    """Rubbish on the ground, alight or smouldering."""
    cut = site.chosen("garbage_pile")
    if cut is not None and site.random.random() < 0.6:
        tall = float(site.random.uniform(0.5, 1.1))
        stood = lay_cut_out(site.canvas, cut, foot, tall, 0.0, mirrored=site.random.random() < 0.5)
    else:
        radius = float(site.random.uniform(0.4, 1.2))
        mesh = GarbagePile(site.number(), radius).mesh(0, 0)
        tall = 0.45
        stood = render_mesh(site.canvas, site.camera, mesh, foot, 0.0, "garbage_pile", site.number())
    if stood:
        _burn(site, foot, tall * 0.5, (0.5, 2.2), (2.0, 9.0))


def bare_fire(site: Site, foot: Foot) -> None:
    """A fire on the ground."""
    _burn(site, foot, 0.0, (0.3, 2.0), (1.5, 7.0))


def veil(site: Site, foot: Foot) -> None:
    """Smoke whose source isn't seen, mostly thin."""
    smoke(site, foot, float(site.random.uniform(0, 1.5)), float(site.random.uniform(1.5, 7.0)))


def column(site: Site, foot: Foot) -> None:
    """Something large that burns far down the street or behind the houses."""
    smoke(site, foot, float(site.random.uniform(0, 5)), float(site.random.uniform(7.0, 24.0)), dense=True)


def smoke(site: Site, foot: Foot, base_m: float, tall_m: float, *, dense: bool = False) -> bool:
    """Smoke rising from `base_m` above a place, `tall_m` high; False where none of a few can be seen there."""
    height = min(max(_LEAST_PLUME_PX, tall_m * foot.px_per_m), 1.3 * site.camera.height_px)
    source = (foot.x_px, foot.y_px - base_m * foot.px_per_m)
    for _ in range(_TRIES):
        plume = draw_plume(site.random, site.pool, site.daylight, dense=dense)
        if site.canvas.lay(smoke_layer("smoke", plume.field, plume.look, source, height, site.number())):
            return True
    return False


def flame(site: Site, foot: Foot, base_m: float, tall_m: float) -> bool:
    """A fire standing `base_m` above a place: a real one where there is a cut-out, else drawn."""
    at = (foot.x_px, foot.y_px - base_m * foot.px_per_m)
    height = max(12.0, tall_m * foot.px_per_m)
    cut = site.chosen("flame")
    if cut is not None and site.random.random() < _REAL_FLAMES:
        layer: Layer | None = flame_of_cut_out(cut.bgr, cut.alpha, at, height, mirrored=site.random.random() < 0.5)
    else:
        layer = flame_layer(draw_fire(site.random, site.pool), at, height)
    if layer is None or not site.canvas.lay(layer):
        return False
    add_glow(site.canvas.picture, layer, 0.25 + 0.7 * (1 - site.daylight))
    return True


def _burn(site: Site, foot: Foot, base_m: float, flame_m: tuple[float, float], smoke_m: tuple[float, float]) -> None:
    """Flames with smoke behind them, or either alone."""
    kind = site.random.random()
    tall = float(site.random.uniform(*flame_m))
    if kind < 0.75:
        smoke(site, foot, base_m + 0.3 * tall, float(site.random.uniform(*smoke_m)), dense=site.random.random() < 0.5)
    if kind > 0.3:
        flame(site, foot, base_m, tall)
