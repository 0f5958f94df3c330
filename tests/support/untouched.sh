#!/usr/bin/env bash
# Runs a command, then fails if it changed a file of this checkout that git tracks, or left a new one
# that git does not ignore. Outside a git checkout it only runs the command.
set -euo pipefail
root=$(dirname "$0")/../..

state() {
    git -C "$root" rev-parse --is-inside-work-tree >/dev/null 2>&1 || return 0
    git -C "$root" status --porcelain
    git -C "$root" diff --binary HEAD  # what was changed before may be changed once more
}

before=$(state)
"$@"
after=$(state)
if [ "$before" != "$after" ]; then
    echo "The command changed the checkout:" >&2
    diff <(echo "$before") <(echo "$after") | head -n 40 >&2
    exit 1
fi
