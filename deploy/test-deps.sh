#!/bin/sh
# Debian packages the tests use: a real broker, a real browser with a Chinese font, a real RTSP server. Needs root.
set -eu
packages="mosquitto chromium fonts-noto-cjk gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav python3-gi"
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "test packages: all there"
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "missing:$missing — run as root: make test-deps" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # the list is meant to split
apt-get install -y -q --no-install-recommends $missing
