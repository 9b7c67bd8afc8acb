// A film in a lane stands at the player's moment, so that films of several cameras run side by side in time.
export const STEP_MS = 250;

export const lasts = (frame, instant) => frame.lengthMs > 0 && instant >= frame.at && instant <= frame.at + frame.lengthMs;

// How long it is, is known once its first bytes are here; `tell` is called then.
export function open(frame, source, tell = () => {}) {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  video.setAttribute("aria-label", frame.text);
  video.addEventListener("loadedmetadata", () => { frame.lengthMs = Math.round(video.duration * 1000); tell(); });
  video.src = source;
  return video;
}

export function seek(frame, instant) {
  const second = Math.min(Math.max(0, instant - frame.at), frame.lengthMs) / 1000;
  if (frame.video && Math.abs(frame.video.currentTime - second) > 0.005) frame.video.currentTime = second;
}

// Its pictures, as moments that the player can stand at.
export const moments = (frame) => Array.from({ length: Math.floor(frame.lengthMs / STEP_MS) }, (_, number) => frame.at + STEP_MS * number + 1);
