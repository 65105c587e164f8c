#!/usr/bin/env bash
# Moves the sessions of a standalone Redis, which a client writes to all the time, into a master with two replicas and three
# sentinels, all on this machine. The new master is killed in the middle. Usage: demo-migration.sh RDB, the path of the command.
# Needs redis-server. Every process that it starts ends with it.
set -euo pipefail
rdb=$1
folder=$(mktemp -d)
started=()
trap 'kill -9 "${started[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT

free_ports() {
  python3 -c '
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in sockets])' "$1"
}
start() { # start NAME PORT ARGUMENT…
  mkdir -p "$folder/$1"
  local name=$1 port=$2
  shift 2
  (cd "$folder/$name" && exec redis-server "$@" --port "$port" --bind 127.0.0.1 --dir "$folder/$name") \
    >"$folder/$name.log" 2>&1 &
  started+=($!)
  disown
  for _ in $(seq 200); do
    redis-cli -p "$port" ping 2>/dev/null | grep -q PONG && return
    sleep 0.05
  done
  cat "$folder/$name.log" >&2
  exit 1
}
show() {
  printf '\n$ %s\n' "$*" | sed "s|$rdb|rdb|g; s|$folder/||g"
  "$@" 2>&1
}

read -r old one two three s1 s2 s3 <<<"$(free_ports 7)"
echo "An old standalone Redis with 20,000 sessions, a new master with two replicas, and three sentinels start."
mkdir -p "$folder/old"
"$rdb" gen --profile sessions --keys 20000 -o "$folder/old/dump.rdb" 2>/dev/null
start old "$old" --save ""
start one "$one" --save "" --repl-diskless-sync-delay 0
master=${started[-1]}
start two "$two" --save "" --repl-diskless-sync-delay 0 --replicaof "127.0.0.1 $one"
start three "$three" --save "" --repl-diskless-sync-delay 0 --replicaof "127.0.0.1 $one"
for sentinel in "s1 $s1" "s2 $s2" "s3 $s3"; do
  read -r name port <<<"$sentinel"
  mkdir -p "$folder/$name"
  printf 'sentinel monitor mymaster 127.0.0.1 %s 2\nsentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 5000\n' \
    "$one" >"$folder/$name/sentinel.conf"
  start "$name" "$port" "$folder/$name/sentinel.conf" --sentinel
done
for _ in $(seq 200); do
  [ "$(redis-cli -p "$s1" sentinel replicas mymaster | grep -c '^runid$')" = 2 ] && break
  sleep 0.1
done
sentinels="redis-sentinel://127.0.0.1:$s1,127.0.0.1:$s2,127.0.0.1:$s3/mymaster"

# A client of the old server, which increments a counter and appends to a list until it is told to stop.
python3 - "$old" <<'PY' >"$folder/client.log" 2>&1 &
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
f = s.makefile("rb")
n = 0
while True:
    n += 1
    s.sendall(b"INCR visits\r\nRPUSH log %d\r\nHSET spring:session:sessions:demo:%d maxInactiveInterval 1800\r\n" % (n, n))
    for _ in range(3): f.readline()
    time.sleep(0.002)
PY
started+=($!)
disown

move=("$rdb" migrate --from "redis://127.0.0.1:$old" --to "$sentinels")
show "${move[@]}" --dry-run
echo
echo "The sessions move, and what the client writes meanwhile follows."
printf '\n$ %s\n' "${move[*]} --follow --pause-source --fix-notifications" | sed "s|$rdb|rdb|g"
# With job control, a process in the background does not ignore Ctrl-C.
set -m
"${move[@]}" --follow --pause-source --fix-notifications >"$folder/summary" 2>"$folder/migration.log" &
migration=$!
set +m
started+=("$migration")
wait_for() { # wait_for SECONDS COMMAND…
  local tries=$(($1 * 10))
  shift
  for _ in $(seq "$tries"); do
    "$@" >/dev/null 2>&1 && return
    kill -0 "$migration" 2>/dev/null || break
    sleep 0.1
  done
  cat "$folder/migration.log" >&2
  exit 1
}
visits() { redis-cli -p "$1" get visits; }
has_visits() { [ "$(visits "$1")" -gt "$2" ]; }
wait_for 60 grep -q following "$folder/migration.log"
wait_for 20 has_visits "$one" 100

echo
echo "The new master is killed, and the sentinels choose another one, where the move goes on."
kill -9 "$master"
chosen() {
  new=$(redis-cli -p "$s2" sentinel get-master-addr-by-name mymaster | tail -1)
  [ "$new" != "$one" ] && redis-cli -p "$new" role | head -1 | grep -q master
}
wait_for 60 chosen
wait_for 60 has_visits "$new" $(($(visits "$old") + 100))

echo
echo "Ctrl-C cuts over: the client's writes wait until both servers are compared."
kill -INT "$migration"
status=0
wait "$migration" || status=$?
sed "s|$folder/||g" "$folder/migration.log"
echo
cat "$folder/summary"
exit $status
