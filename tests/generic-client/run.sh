#!/usr/bin/env bash
# Starts Hark as a person would, lets the generic client list its services and speak to
# it, and ends it. `run.sh PYTHON`, with a Python that has requirements.txt.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${1:-python3}

cd "$here/../.."
# The whole workspace, as the tests build it: hark alone has other features, and all it
# depends on would be compiled once more.
cargo build --locked --quiet --workspace --bins
hark=$(cargo build --locked --quiet --workspace --bins --message-format json |
  "$python" -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "hark":
        print(message["executable"])')

work=$(mktemp -d)
pid=
finish() {
  if [ -n "$pid" ] && kill "$pid" 2>/dev/null; then
    wait "$pid" || true
  fi
  rm -rf "$work"
}
trap finish EXIT

"$hark" up --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --data-dir "$work/data" \
  --ready-file "$work/ready.json" >"$work/log" 2>&1 &
pid=$!
for _ in $(seq 600); do
  [ ! -s "$work/ready.json" ] || break
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
[ -s "$work/ready.json" ] || {
  echo "error: hark up is not ready after a minute" >&2
  cat "$work/log" >&2
  exit 1
}
address=$("$python" -c 'import json, sys; print(json.load(sys.stdin)["address"])' <"$work/ready.json")

espeak-ng -v de+m3 -w "$work/lamp.wav" "Schalte das Licht im Flur ein"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
"$python" "$here/client.py" "$address" list
"$python" "$here/client.py" "$address" say "$work/lamp.wav" --language de --expect-on light.hallway

kill "$pid"
wait "$pid" || {
  echo "error: hark up ended with status $? after SIGTERM" >&2
  cat "$work/log" >&2
  exit 1
}
pid=
