# make demo      a support line on this machine, without any account
# make check     the checks, and the tests without race detector and browser; installs nothing, needs what .ci/packages names
# make test      all checks and tests; installs what they need and is missing
# make vuln      are there known vulnerabilities in the dependencies?
# make build     the program, as ./supportline
# make bench     the benchmarks
# make crash     kills the program and its database's server at random for FOR (1m) each: ENGINE=bolt or postgres, both without; SEED repeats an order; and opens
#                what a disk can hold of a file after a power cut, for FOR each of three ways
# make fuzz      each fuzz target for FUZZTIME (20s)
# make pictures  those of the console in docs, taken anew
# make format    what the first check would complain about

tool := go tool -modfile=tools.mod
say = @echo "== $(1)"

.PHONY: check
check: static
	$(call say,go test -short: without the race detector and without the tests in a browser; make test has both)
	@go test -short -shuffle=on -timeout 20m ./...

# The race detector lets every process wait a second before it ends, unless it is told otherwise.
.PHONY: test
test: packages static vuln
	$(call say,go test -race)
	@GORACE=atexit_sleep_ms=0 go test -race -shuffle=on -timeout 40m ./...

# The checks come in the order of what they cost, and stop at the first that finds something.
.PHONY: static
static:
	$(call say,gofumpt)
	@found=$$($(tool) gofumpt -l .) || exit 1; \
		if [ -n "$$found" ]; then echo "$$found"; echo "not formatted: run make format"; exit 1; fi
	$(call say,go mod tidy)
	@go mod tidy -diff
	$(call say,go vet)
	@go vet ./...
	$(call say,staticcheck)
	@$(tool) staticcheck ./...
	$(call say,deadcode)
	@for roots in ./cmd/supportline "-test ./..."; do \
		found=$$($(tool) deadcode $$roots) || exit 1; \
		if [ -n "$$found" ]; then echo "$$found"; echo "the program does not need these: delete them"; exit 1; fi; \
	done

.PHONY: vuln
vuln:
	$(call say,govulncheck)
	@.ci/vuln

.PHONY: packages
packages:
	@.ci/packages

.PHONY: demo
demo:
	@go run ./cmd/supportline demo

.PHONY: build
build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o supportline ./cmd/supportline

.PHONY: bench
bench:
	@go test -run '^$$' -bench '^BenchmarkServer$$' -benchtime 10x ./cmd/supportline
	@go test -run '^$$' -bench '^BenchmarkGrowth$$' -benchtime 10x -timeout 2h ./cmd/supportline
	@go test -run '^$$' -bench . -skip '^Benchmark(Server|Growth)$$' -benchmem -timeout 2h ./...

.PHONY: crash
FOR ?= 1m
crash:
	@SUPPORTLINE_CRASH_FOR=$(FOR) SUPPORTLINE_CRASH_SEED=$(SEED) go test -count=1 -v -timeout 0 -run '^TestCrash$$$(if $(ENGINE),/^$(ENGINE)$$)' ./cmd/supportline
	@$(if $(filter postgres,$(ENGINE)),,SUPPORTLINE_CRASH_FOR=$(FOR) SUPPORTLINE_CRASH_SEED=$(SEED) go test -count=1 -v -timeout 0 -run '^TestWhatever.*Opens?$$' ./store)

.PHONY: fuzz
fuzz: packages
	@.ci/fuzz

.PHONY: pictures
pictures: packages
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT && \
		SUPPORTLINE_SCREENSHOTS=$$folder go test -count=1 -run "^Test(TourOfTheConsole|(Phone|Outside|FollowUps|OnCall|ALink)InTheBrowser)$$" ./cmd/supportline ./cmd/supportline/demo ./console ./console/links && \
		for page in call followup rota outside; do cp "$$folder/$$page-1280-light.png" docs/$$page.png; done && \
		cp "$$folder/now-people-1280-light.png" docs/now.png && cp "$$folder/phone-rings-1280-light.png" docs/phone.png && \
		cp "$$folder/link-390-light.png" docs/link.png

.PHONY: format
format:
	@$(tool) gofumpt -w .
