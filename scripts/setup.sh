# Sourced by demo.sh and test.sh: checks Node, installs the packages of the lock file when they are not there yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "Node.js 20.19 or newer with npm is needed: https://nodejs.org" >&2
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  echo "Node.js 20.19 or newer is needed, this is $(node --version)." >&2
  exit 1
fi

# The stamp holds the lock file that was installed, so that a second run costs nothing.
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
  echo "Installing packages (npm install) …"
  # Not `npm ci`: it refuses a lock file that was written where packages of other platforms could not be reached.
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error
  cp package-lock.json node_modules/.installed-lock.json
fi
