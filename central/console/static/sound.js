// A tone for each severity, again and again until somebody has seen to the alert. Loaded when a person switches it on:
// browsers let no page sound before that, and a room decides for itself which of its screens may.
import { alerts } from "./live.js";
import { say } from "./rows.js";

const button = document.getElementById("sound");
const mute = document.getElementById("mute");
const AGAIN_MS = 4000;
const MUTE_MS = 600000;
const TONES = { 1: { hz: 440, times: 1 }, 2: { hz: 660, times: 2 }, 3: { hz: 880, times: 3 } };
let audio = null;
let mutedUntil = 0;

function play({ hz, times }) {
  for (let number = 0; number < times; number += 1) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const start = audio.currentTime + number * 0.28;
    tone.frequency.value = hz;
    loudness.gain.setValueAtTime(0.2, start);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.22);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.24);
  }
}

function show() {
  const isMuted = mutedUntil > Date.now();
  const minutes = Math.ceil((mutedUntil - Date.now()) / 60000);
  button.textContent = audio ? say.sound_on : say.sound_off;
  button.setAttribute("aria-pressed", String(Boolean(audio)));
  mute.hidden = !audio;
  mute.textContent = isMuted ? `${say.muted} ${minutes} ${say.mute_minutes}` : say.mute;
  mute.setAttribute("aria-pressed", String(isMuted));
}

export function sound() {
  show();
  if (!audio || mutedUntil > Date.now() || !alerts.size) return;
  play(TONES[Math.max(...alerts.values())]);
}

export function toggle() {
  if (audio) { audio.close(); audio = null; } else { audio = new AudioContext(); sound(); }
  show();
}

export function toggleMute() {
  mutedUntil = mutedUntil > Date.now() ? 0 : Date.now() + MUTE_MS;
  show();
}

mute.addEventListener("click", toggleMute);
setInterval(sound, AGAIN_MS);
