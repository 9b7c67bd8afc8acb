"""What discovery finds: devices that answered, and the streams that a camera offers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """Something that answered a probe. `service_url` is its ONVIF address; `name` and `model` are its own words."""

    address: str
    service_url: str
    name: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One media profile. `group` is the number of pictures between key frames; None where the camera keeps silent."""

    profile: str
    codec: str
    width_px: int
    height_px: int
    pictures_per_s: float | None
    group: int | None
    url: str

    @property
    def key_every_s(self) -> float | None:
        if not self.group or not self.pictures_per_s:
            return None
        return self.group / self.pictures_per_s


@dataclass(frozen=True, slots=True)
class Camera:
    """A device after it was asked. `problem` says why its streams are unknown, or ``""``."""

    device: Device
    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    streams: tuple[Stream, ...] = ()
    problem: str = ""
