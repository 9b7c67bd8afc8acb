"""One picture in several packets: who sends parameter sets before every slice has each slice taken for a picture.

Seen with GStreamer's RTP payloader (``config-interval=-1``) and an encoder that slices its pictures: half a key frame
came as a key frame, and patrol would have looked at half a street. Pieces of one picture carry one time stamp.
"""

from dataclasses import replace

from edge.capture.port import CodedPacket


class WholeKeys:
    """Puts one session's key frames together. Belongs to the camera's thread."""

    def __init__(self) -> None:
        self.done: CodedPacket | None = None
        """The key frame that became whole with the packet that was seen last."""
        self._is_in_pieces = False
        """Seen once, every key frame waits for the packet after it: 40 ms at 25 a second."""
        self._key: CodedPacket | None = None
        self._held: CodedPacket | None = None
        self._pts_before: int | None = None
        self._pts: int | None = None

    def see(self, packet: CodedPacket) -> CodedPacket:
        """Takes the next packet and gives it as a group of pictures wants it: further pieces begin no group."""
        if self._key is not None and self._is_piece(self._key, packet):
            self._is_in_pieces, self.done = True, None
            self._key = self._held = replace(self._key, payload=self._key.payload + packet.payload)
            return replace(packet, is_key=False)
        self.done, self._held = self._held, None
        self._pts_before, self._pts = self._pts, packet.pts
        self._key = packet if packet.is_key else None
        if packet.is_key and self._is_in_pieces:
            self._held = packet
        elif packet.is_key:
            self.done = packet
        return packet

    def _is_piece(self, key: CodedPacket, packet: CodedPacket) -> bool:
        """Not where stamps stand still: a camera whose clock hangs sends whole pictures all the same."""
        does_stand_still = self._pts_before is None or self._pts_before == key.pts
        return packet.is_key and packet.pts is not None and packet.pts == key.pts and not does_stand_still
