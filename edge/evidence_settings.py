"""Evidence's part of the configuration: how pictures are made, redacted and kept."""

from typing import Annotated

from pydantic import Field

from contract.configfile import Settings
from contract.taxonomy import Seen


class EvidenceSettings(Settings):
    """Pictures that prove an incident."""

    jpeg_quality: Annotated[int, Field(ge=40, le=100)] = 85
    max_width_px: Annotated[int, Field(ge=320, le=7680)] = 1920
    redact_hold_s: Annotated[float, Field(ge=0, le=30)] = 1.0
    """A person's box stays pixelated this long after the detector last saw it (it blinks)."""
    redact_finely: bool = True
    """Pictures that are kept are searched for people once more, in tiles: some 0.2 s of CPU a picture."""
    context_every_s: Annotated[float, Field(ge=0, le=3600)] = 60.0
    """How often the whole scene is remembered, so that an incident shows the place before it; 0: never."""
    clips_of: tuple[Seen, ...] = ()
    """Kinds whose incidents get a short film of what led to them; ``[smoke, flame]`` is worth its price. None by
    default: a film shows more of people's ways than pictures do. Only for streams and clips."""
    clip_pictures: Annotated[int, Field(ge=2, le=60)] = 20
    """Four of them are a second of film."""
    clip_work_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """What one film may keep a core busy with hiding people; then it is as short as it is."""
    max_bytes: Annotated[int, Field(ge=1_000_000, le=10**13)] = 8_000_000_000
    """What evidence may take up on the node; the disk is never filled above 95 % whatever this says."""
    keep_days: Annotated[float, Field(ge=0, le=3650)] = 30.0
    """Pictures that central has go after this long."""
    keep_originals_days: Annotated[float, Field(ge=0, le=3650)] = 30.0
    keep_unsent_days: Annotated[float, Field(ge=1, le=3650)] = 90.0
    """Pictures that central never took go after this long."""
