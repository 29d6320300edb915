#!/usr/bin/env bash
# Installs what `npm run examples` needs and Debian has: Python, Java, Maven. Go and Rust of Debian 12 are older than
# the libraries ask for, so those must be there already: a plain message says which is not.
set -euo pipefail

packages=()
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3 python3-venv)
command -v javac >/dev/null || packages+=(default-jdk-headless)
command -v mvn >/dev/null || packages+=(maven)
if [[ ${#packages[@]} -gt 0 ]]; then
  apt-get update -q
  apt-get install -y -q --no-install-recommends "${packages[@]}"
fi
command -v go >/dev/null || echo "no go: install Go 1.26 or later from its makers"
command -v cargo >/dev/null || echo "no cargo: install Rust 1.88 or later with rustup"
