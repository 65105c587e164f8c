#!/usr/bin/env bash
# Moves the sessions of a standalone Redis into a master with two replicas and three sentinels, all on this machine, and
# shows that they arrived, also after the new master is killed. Usage: demo-migration.sh RDB, the path of the command.
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

show "$rdb" fetch -h 127.0.0.1 -p "$old" -o "$folder/old.rdb"
show "$rdb" load "$folder/old.rdb" -u "$sentinels" --resume "$folder/load.journal" --fix-notifications
show "$rdb" verify "$folder/old.rdb" --against "$sentinels"

echo
echo "The new master is killed, and the sentinels choose another one."
kill -9 "$master"
for _ in $(seq 300); do
  new=$(redis-cli -p "$s2" sentinel get-master-addr-by-name mymaster | tail -1)
  [ "$new" != "$one" ] && redis-cli -p "$new" role 2>/dev/null | head -1 | grep -q master && break
  sleep 0.1
done
show "$rdb" verify "$folder/old.rdb" --against "$sentinels"
