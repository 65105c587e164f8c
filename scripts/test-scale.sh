#!/usr/bin/env bash
# test-scale.sh RDB: runs what Documentation/many-shards.md describes on generated dumps, and compares the results with those
# of one run: the Spark job (in local mode), the script of the Kubernetes job, and a plan. SCALE_KEYS: keys of each dump (2000).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
rdb=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
python=$root/.venv-servers/bin/python
keys=${SCALE_KEYS:-2000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$python PYSPARK_DRIVER_PYTHON=$python
failed=0

# same WHAT A B: compares two files or folders.
same() {
  if diff -r "$2" "$3" >"$work/differences" 2>&1; then
    echo "test-scale: $1: the same as one run"
  else
    echo "test-scale: $1: DIFFERS from one run" >&2
    head -20 "$work/differences" >&2
    failed=1
  fi
}

# expect STATUS COMMAND…: runs a command that must end with this exit code.
expect() {
  local wanted=$1 status=0
  shift
  "$@" >"$work/output" 2>&1 || status=$?
  if [ "$status" != "$wanted" ]; then
    echo "test-scale: exit code $status, not $wanted: $*" >&2
    tail -20 "$work/output" >&2
    failed=1
  fi
}

# spark ARGUMENT…: runs the job in local mode, with two tries of each task.
spark() {
  "$root/.venv-servers/bin/spark-submit" --master 'local[2, 2]' --conf spark.ui.enabled=false \
    "$root/Examples/Spark/shards.py" --rdb "$rdb" "$@"
}

mkdir dumps
for number in 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15; do
  "$rdb" gen --profile mixed --keys "$keys" --seed "1$number" --now 1700000000000 -o "dumps/$number.rdb" 2>/dev/null
done
options=(--now 1700000000000)
"$rdb" analyze dumps/*.rdb "${options[@]}" -q -o whole

echo "== Spark: 16 dumps"
expect 0 spark --output spark dumps/*.rdb -- "${options[@]}"
same "Spark over 16 dumps" whole spark/reports
# The parts are there: the same job again only merges.
expect 0 spark --output spark dumps/*.rdb -- "${options[@]}"
same "Spark over 16 dumps, again" whole spark/reports
# Results of other dumps are not taken for those of these.
expect 64 spark --output spark dumps/0*.rdb -- "${options[@]}"
rows=$("$python" -c 'import glob, pyarrow.parquet as p
print(sum(p.read_metadata(f).num_rows for f in glob.glob("spark/parts/*/tables/keys/*/*.parquet")))')
total=$(wc -l <whole/keys.jsonl)
[ "$rows" = "$total" ] || { echo "test-scale: $rows rows of Parquet for $total keys" >&2; failed=1; }

echo "== Spark: a damaged dump is no reason to try again"
head -c 5000 dumps/03.rdb >dumps/damaged
expect 65 spark --output bad dumps/00.rdb dumps/damaged
[ ! -e bad/reports ] || { echo "test-scale: reports of a damaged dump" >&2; failed=1; }

echo "== A plan for one dump"
"$rdb" merge -q --on-conflict first dumps/*.rdb -o huge.rdb
"$rdb" analyze huge.rdb "${options[@]}" -q -o huge
"$rdb" split-plan huge.rdb --parts 12 -q -o plan.json
expect 0 spark --output planned --plan plan.json huge.rdb -- "${options[@]}"
same "Spark over 12 parts of a plan" huge planned/reports

echo "== The Kubernetes job"
"$python" -c 'import sys, yaml
print(yaml.safe_load(open(sys.argv[1]))["spec"]["template"]["spec"]["containers"][0]["args"][0])' \
  "$root/Documentation/kubernetes/shards-job.yaml" >job.sh
mkdir bin && ln -s "$rdb" bin/rdb
# job INDEX: runs the script of one pod.
job() {
  JOB_COMPLETION_INDEX=$1 HOSTNAME=pod-$1 PATH="$work/bin:$PATH" /bin/sh -ec "$(cat job.sh)"
}
export RESULT=$work/pods PLAN="" DUMPS
DUMPS=$(ls "$work"/dumps/*.rdb)
"$rdb" analyze dumps/*.rdb -q -o whole-own-times
# What a killed pod leaves is not merged, nor is a second result of the same part.
mkdir -p pods/.attempts && cp -R whole-own-times pods/.attempts/3.killed
for number in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 3; do expect 0 job "$number"; done
"$rdb" merge-reports pods/*/reports -o pods-merged
same "the Kubernetes job over 16 dumps" whole-own-times pods-merged
export RESULT=$work/pods-of-plan PLAN=$work/plan.json DUMPS=$work/huge.rdb
"$rdb" analyze huge.rdb -q -o huge-own-times
for number in 0 1 2 3 4 5 6 7 8 9 10 11; do expect 0 job "$number"; done
"$rdb" merge-reports pods-of-plan/*/reports -o plan-merged
same "the Kubernetes job over 12 parts of a plan" huge-own-times plan-merged
# Another plan, in the same folder.
"$rdb" split-plan huge.rdb --parts 13 -q -o other-plan.json
PLAN=$work/other-plan.json expect 64 job 4
export RESULT=$work/pods-bad PLAN="" DUMPS=$work/dumps/damaged
expect 65 job 0
DUMPS=$work/dumps/missing expect 66 job 0
[ -z "$(ls pods-bad)" ] || { echo "test-scale: a result of a damaged dump" >&2; failed=1; }
exit "$failed"
