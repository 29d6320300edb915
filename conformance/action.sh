#!/usr/bin/env bash
# What the GitHub action runs, after the build: the suite with the inputs that came as variables, its reports into $OUT, a summary for the page of the
# workflow run, annotations, and the verdict as an output. Exit code: that of the suite.
set -uo pipefail
cli="$(dirname "$0")/dist/cli.js"
mkdir -p "$OUT"
options=(--url "$URL" --github --out "$OUT" --json "$OUT/report.json" --junit "$OUT/junit.xml" --html "$OUT/report.html" --badge "$OUT/badge.json")
[[ -n "${ADMIN_URL:-}" ]] && options+=(--admin-url "$ADMIN_URL")
[[ -n "${TESTING_URL:-}" ]] && options+=(--testing-url "$TESTING_URL")
[[ -n "${PROFILE:-}" ]] && options+=(--profile "$PROFILE")
[[ -n "${KNOWN_FAILURES:-}" ]] && options+=(--known-failures "$KNOWN_FAILURES")
if [[ -n "${TOKEN_SECRET:-}" ]]; then options+=(--token-secret "$TOKEN_SECRET"); else options+=(--token-dev); fi
# Words of a shell, quotes included: the input is of whoever writes the workflow.
eval "more=(${ARGS:-})"

node "$cli" run "${options[@]}" "${more[@]}"
code=$?
if [[ -s "$OUT/report.json" ]]; then
  node "$cli" render "$OUT/report.json" --markdown - 2>/dev/null >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
  verdict=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).verdict.replace("VERDICT_", "")' "$OUT/report.json")
  printf 'verdict=%s\nreport=%s\n' "$verdict" "$OUT/report.json" >>"${GITHUB_OUTPUT:-/dev/null}"
fi
exit "$code"
