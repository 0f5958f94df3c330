#!/bin/sh
# Debian's Chromium, for the tests of the nightly page: those skip without it, and say so.
set -eu
for name in chromium chromium-browser google-chrome chrome; do
    command -v "$name" && exit 0
done
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "There is no Chromium, and only root can install Debian's: apt-get install chromium" >&2
    exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
