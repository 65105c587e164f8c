# swift-rdb. `make help` lists what there is.

DUMP   ?= Fixtures/redis-6.2.16/sessions.rdb
TARGET ?= valkey-9.1
OUT    ?= out
PREFIX ?= /usr/local
COMMAND ?= rdb
SECONDS ?= 60
SWIFT  ?= swift

NAME   := $(basename $(notdir $(DUMP)))
# A folder of its own: built with other flags in the tests' one, each would make the other build everything again.
BUILD  := $(SWIFT) build -c release --static-swift-stdlib --scratch-path .build/static --product rdb
RDB    := .build/static/release/rdb

.DEFAULT_GOAL := help
.PHONY: help setup build run dist check-dist demo-migration test test-live test-setup test-release test-debug test-debug-files test-scale test-deep test-sanitized coverage check examples install uninstall fuzz bench \
  bench-instructions compare clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28

setup: ## install the system libraries that building needs, where they are missing
	@scripts/setup.sh build

build: setup ## build the command in release mode
	$(BUILD)

run: build ## convert DUMP (a fixture, or DUMP=/path/to/dump.rdb) to RESP, JSON and a snapshot for TARGET in out/, and print its summary
	@mkdir -p "$(OUT)"
	$(RDB) resp "$(DUMP)" -o "$(OUT)/$(NAME).resp"
	$(RDB) json "$(DUMP)" -o "$(OUT)/$(NAME).json"
	$(RDB) rewrite "$(DUMP)" --target $(TARGET) --lossy -o "$(OUT)/$(NAME)-$(TARGET).rdb"
	$(RDB) info "$(DUMP)"
	@ls -l "$(OUT)/$(NAME).resp" "$(OUT)/$(NAME).json" "$(OUT)/$(NAME)-$(TARGET).rdb"

dist: setup ## build one binary that needs only glibc, as a tar file and a Debian package, in out/dist (Linux)
	@SWIFT="$(SWIFT)" scripts/dist/dist.sh "$(OUT)/dist"

check-dist: dist ## run what dist made in a bare Debian that debootstrap makes (needs root)
	@scripts/dist/check-limit.sh .build/static/release/rdb
	@! command -v lintian >/dev/null || lintian --fail-on error,warning "$(OUT)"/dist/*.deb
	@scripts/dist/check-bare-root.sh "$$(ls -t "$(OUT)"/dist/*.deb | head -1)"

test-setup: ## install what the tests need: servers, a JSON Schema validator
	@scripts/setup.sh test

test: test-setup test-release ## install what the tests need, and run all of them

test-release: ## run every test in release mode, with all cases
	scripts/test.sh release

test-live: test-setup ## run only the tests that start servers, in at most 20 minutes
	scripts/test-live.sh release

test-debug: ## run the suites in debug mode, where assertions count; large matrices are sampled, long repetitions left out
	RDB_TEST_SAMPLE=1 scripts/test.sh debug

test-debug-files: ## the same, without the command and live servers: a third of the work
	RDB_FILES_ONLY=1 RDB_TEST_SAMPLE=1 scripts/test.sh debug

test-scale: test-setup ## run the Spark job, the Kubernetes job's script and a plan over generated dumps
	$(SWIFT) build -c release --quiet --product rdb
	scripts/test-scale.sh "$$($(SWIFT) build -c release --show-bin-path)/rdb"

test-deep: test-setup ## run every test in release mode, with the cases that `test` samples
	RDB_TEST_DEEP=1 scripts/test.sh release

test-sanitized: test-setup ## run every suite in debug mode under AddressSanitizer, then under ThreadSanitizer
	scripts/test-sanitized.sh

coverage: test-setup ## measure which lines and regions of RDBFormat and RDB the tests execute
	scripts/coverage.sh --files

check: ## check format, imports, inlining, public surface, unsafe code, words, flags, documentation, installation, and a dependant package
	@status=0; \
	for check in format words flags defaults unsafe inlining imports public-surface docs compile-fail dependant; do \
	  scripts/check-$$check.sh || status=1; \
	done; \
	scripts/check-install.sh "$$($(SWIFT) build -c "$${CONFIGURATION:-debug}" --show-bin-path)/rdb" >/dev/null && echo "check-install: installs and uninstalls" || status=1; \
	exit $$status

demo-migration: build ## move sessions from one Redis into another with sentinels, all on this machine (needs redis-server)
	@scripts/demo-migration.sh "$(abspath $(RDB))"

examples: ## build and run the programs of Examples/ in debug and release, and compare what they print
	Examples/run.sh

install: build ## put the command, its man page and completions under PREFIX (/usr/local), under another name with COMMAND=swift-rdb
	@SWIFT="$(SWIFT)" scripts/install.sh "$(RDB)" "$(DESTDIR)$(PREFIX)" "$(COMMAND)"

uninstall: ## remove what install put there
	@scripts/uninstall.sh "$(DESTDIR)$(PREFIX)" "$(COMMAND)"

fuzz: setup ## run each fuzz target for SECONDS (60)
	Fuzz/run.sh $(SECONDS)

bench: setup ## micro benchmarks, each as a ratio to a reference loop
	Benchmarks/bench.sh

bench-instructions: build ## instruction counts by callgrind (needs valgrind)
	RDB="$(abspath $(RDB))" Benchmarks/instructions.sh

compare: build ## time whole commands against other tools, and print the table
	RDB="$(abspath $(RDB))" Benchmarks/compare.sh

clean: ## remove what was built
	rm -rf .build "$(OUT)" Fuzz/.build Benchmarks/.build Examples/.build
