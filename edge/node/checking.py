"""What a node with some settings would be: `check-config`."""

from contract.clock import SystemClock
from edge.capture.choose import open_camera
from edge.detect.choose import open_detector
from edge.settings import NodeSettings, load_policies, secret_value, settings_version


def check_node(settings: NodeSettings) -> dict[str, object]:
    """What a node with these settings would be; reads everything, starts nothing, connects to nothing."""
    clock = SystemClock()
    policies = load_policies(settings.policies)
    for camera in settings.cameras:
        open_camera(camera, clock, clock.now())
    if settings.uplink.central_url is not None:
        secret_value(settings.uplink.node_token_secret)
    if settings.uplink.mqtt_url is not None and settings.uplink.password_secret is not None:
        secret_value(settings.uplink.password_secret)
    detector = open_detector(
        settings.model, settings.engine, settings.threads, gates=policies.gates(), backend=settings.backend
    )
    return {
        "node_id": settings.node_id,
        "cameras": [camera.camera_id for camera in settings.cameras],
        "reports": [seen.value for seen in policies.presence],
        "model": f"{detector.manifest.name} {detector.manifest.version}",
        "engine": detector.engine.value,
        "config_version": settings_version(settings, policies),
    }
