#!/usr/bin/env bash
# A night for five users against llama.cpp's server and SmolLM2-135M, both from the package index.
# It shows the whole path through a real server, by the paper's method: each pair is asked about
# once. The scores of so small a model mean nothing.
set -euo pipefail
bin=${1:-.venv/bin}
port=${PALATE_DEMO_PORT:-8089}

"$bin/palate" llm serve --port "$port" --threads "$(getconf _NPROCESSORS_ONLN)" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT

# The night waits for the server by itself: a refused connection is asked again.
"$bin/palate" nightly --method paper --home .palate/demo-llm --limit-users 5 --search-count 15 --top 5 \
    --scorer llm --llm-base-url "http://127.0.0.1:$port/v1" \
    --llm-model SmolLM2-135M-Instruct.Q4_1 --llm-concurrency 1 "${@:2}"
