"""The association file → the rules of joining; a site adds which cameras overlap."""

from pathlib import Path

from central.domain.rules import AssociationRules
from central.site import SiteSettings
from contract.configfile import load_yaml
from contract.ids import CameraId

PACKAGED = Path(__file__).parents[1] / "configs" / "central" / "association.yaml"


def load_rules(path: Path | None = None) -> AssociationRules:
    """The rules in the file at `path`; without one, the packaged ones.

    Raises:
        UsageError: the file is wrong; the message says where and how.
    """
    return load_yaml(path or PACKAGED, AssociationRules)


def at_site(rules: AssociationRules, site: SiteSettings) -> AssociationRules:
    """`rules` with the site's camera overlaps and districts."""
    pairs = frozenset(frozenset({CameraId(a), CameraId(b)}) for a, b in site.camera_overlaps)
    return rules.model_copy(update={"overlaps": pairs, "districts": site.to_districts()})


def make_rules(site: SiteSettings, path: Path | None = None) -> AssociationRules:
    """The rules of joining in the file at `path`, or the packaged ones, with the site's camera overlaps.

    Raises:
        UsageError: the file is wrong.
    """
    return at_site(load_rules(path), site)
