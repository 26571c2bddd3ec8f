#!/usr/bin/env bash
# The main job, end to end: a real MCP client calls the tools over stdio and over HTTP, against the built-in sandbox.
#   bash scripts/demo.sh          no AWS account needed, nothing is spent
#   bash scripts/demo.sh --aws    the same against Amazon Bedrock with your AWS credentials; costs a few cents
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
npm run --silent build
exec node scripts/demo.mjs "$@"
