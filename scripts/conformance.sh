#!/usr/bin/env bash
# Runs the public MCP conformance suite against the built server (npm run build first) and against its HTTP stack with
# fixtures. The suite is kept apart from the server's own packages: it brings a Node 22 binary of 100 MB.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

source_folder=tests/conformance/suite
folder=node_modules/.cache/conformance
if ! cmp -s "$source_folder/package-lock.json" "$folder/.installed-lock.json"; then
  echo "Installing the conformance suite (npm ci) …"
  rm -rf "$folder" && mkdir -p "$folder"
  cp "$source_folder"/package*.json "$folder/"
  npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts --loglevel=error
  cp "$source_folder/package-lock.json" "$folder/.installed-lock.json"
fi
npx tsx tests/conformance/run.ts "$folder"
