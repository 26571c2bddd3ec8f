#!/usr/bin/env bash
# Everything that has to hold: lint, types, import rules, unused code, generated docs, build, protocol
# conformance, tests with coverage.
# Ends with the line "N passed, M failed" and exits non-zero when anything failed.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true

need_command() { # need_command COMMAND DEBIAN_PACKAGE
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $2 (apt-get) …"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
  else
    echo "The tests need $1. Install it first, for example: sudo apt-get install $2  (or: brew install ${2%-server})" >&2
    exit 1
  fi
}
need_command redis-server redis-server
need_command chromium chromium
# Debian keeps the programs of PostgreSQL out of the path.
postgres=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | tail -1 || true)
need_command "${postgres:-postgres}" postgresql

failed=0
step() {
  local name=$1
  shift
  echo "── $name"
  "$@" || { echo "✗ $name failed" >&2; failed=1; }
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Beside the rest: a linter that knows types takes about as long as all other checks together.
(step lint npm run --silent lint; exit "$failed") >"$work/lint.log" 2>&1 &
lint=$!

step types npm run --silent typecheck
step build npm run --silent build
step 'import rules' npm run --silent deps
step 'unused code' npm run --silent unused
step 'generated docs' npm run --silent docs:check
step conformance bash scripts/conformance.sh

wait "$lint" || failed=1
cat "$work/lint.log"

step tests npm run --silent test -- --coverage --json --outputFile="$work/report.json"

node -e '
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  // A suite that could not even be loaded counts as one failed test, and so does any failed step before the tests.
  const broken = numFailedTests === 0 ? numFailedTestSuites + Number(process.argv[2] !== "0" && numFailedTestSuites === 0) : numFailedTests;
  console.log(`${numPassedTests} passed, ${broken} failed`);
' "$work/report.json" "$failed"
exit "$failed"
