# imon: build, try, test. `make help` lists what there is.
VERSION ?= $(shell scripts/version.sh)
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help build bench bench-floor test test-netconf test-short check demo soak faults load page random fuzz fuzz-nightly clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/imon for this machine, static
	@scripts/build.sh host bin/imon "$(VERSION)"

demo: build ## all four monitors in a lab of network namespaces, with faults (root, under two minutes)
	@scripts/need.sh iproute2:ip nftables:nft
	@go run ./internal/lab/demo -imon bin/imon -action rpi/imon-action.sample -config internal/lab/demo/imon-demo

bench: build ## what the LAN notices of faults, with imon and with others (root, 45 minutes; BENCH_PEERS=all; BENCH="-faults ab")
	@scripts/need.sh iproute2:ip nftables:nft
	@[ "$(BENCH_PEERS)" != all ] || scripts/need.sh keepalived:keepalived iputils-ping:ping busybox:busybox
	@go build -o bin/bench ./internal/lab/bench
	@nice -n -10 bin/bench -imon bin/imon $(if $(filter all,$(BENCH_PEERS)),-all) $(BENCH)

bench-floor: ## the least that a failover can take: the kernel's word and one replaced route alone (root)
	@go test -run '^$$' -bench 'LinkDown|CarrierLost|SetDefault|Sync' -benchtime 50x ./internal/uplink

test: ## every test, with real kernels' routing in network namespaces (root)
	@scripts/need.sh gcc:gcc iproute2:ip iputils-ping:ping nftables:nft busybox:busybox perl:perl bind9:named prometheus:promtool
	go test -race -shuffle=on -timeout 15m ./...

test-netconf: ## imon check beside the real NetworkManager, dhcpcd and systemd-networkd, all settings (root; IMON_SUITE=trixie)
	IMON_NETCONF=all go test -count=1 -v -run TestPrograms -timeout 15m ./internal/netconf

test-short: ## the tests that need neither root nor a lab
	IMON_SKIP_ROOT_TESTS=1 go test -short -shuffle=on ./...

check: ## vet, staticcheck, gofmt
	@fmt=$$(gofmt -l cmd internal); [ -z "$$fmt" ] || { echo "not gofmt-clean: $$fmt"; exit 1; }
	go mod tidy -diff
	go vet ./...
	go run $(STATICCHECK) ./...

soak: ## faults at random for as many rounds as in a month, with a graph of what might pile up in dist/ (root, 220 minutes)
	@mkdir -p dist && IMON_SOAK=$${SOAK:-220m} IMON_SOAK_FILES=$$PWD/dist go test -count=1 -v -run 'TestSoak$$' -timeout 300m ./cmd/imon

faults: ## every fault of docs/reliability.md 20 times, and 50 pairs (root, 15 minutes; FAULTS=20 PAIRS=50 SEED= FAULT=name)
	IMON_FAULT_ROUNDS=$${FAULTS:-20} IMON_PAIRS=$${PAIRS:-50} IMON_SEED=$${SEED:-$$(date +%s)} IMON_FAULT="$(FAULT)" \
		go test -count=1 -v -run 'TestFault(Matrix|Pairs)$$' -parallel 5 -timeout 180m ./cmd/imon

load: ## 200 targets, 1,000 events a second, 20 instances, 100 clients on the bus, for a minute each (root, six minutes)
	IMON_LOAD=$${LOAD:-60s} go test -count=1 -v -run 'TestLoad$$|TestTwentyInstances|TestHundredClients' -parallel 1 -timeout 30m ./cmd/imon

page: ## the web page in Chromium, with pictures in dist/ (root; Debian's chromium, 300 MB)
	@scripts/need.sh iproute2:ip nftables:nft chromium:chromium
	@mkdir -p dist && IMON_PICTURES=$$PWD/dist go test -count=1 -tags chromium -run TestPageInABrowser ./cmd/imon

random: ## failover through a million events at random on an imagined kernel (two minutes)
	IMON_EVENTS=1000000 go test -count=1 -v -run TestRandomEvents -timeout 60m ./internal/uplink

fuzz: ## every fuzz target for FUZZTIME (default 20s) each
	@scripts/fuzz.sh $${FUZZTIME:-20s}

fuzz-nightly: ## the same for a minute each, with as little of the machine as possible; what fails does not end it
	@nice -n 19 scripts/fuzz.sh $${FUZZTIME:-60s}

ipk: ## an OpenWrt package for ARCH, one of openwrt/labels: make ipk ARCH=mipsel_24kc
	@scripts/ipk.sh "$(ARCH)" "$(VERSION)"

deb: ## a Debian package for ARCH, amd64, arm64 or armhf (Raspberry Pi OS): make deb ARCH=armhf
	@scripts/deb.sh "$(ARCH)" "$(VERSION)"

lint-deb: ## lintian for the Debian packages of all three architectures, mandoc for the man pages
	@scripts/lint-deb.sh

emulate: ## the release binary on emulated machines: mipsel, armhf, ARMv6, arm64, s390x (Debian, no root, 10 to 30 minutes)
	@VERSION="$(VERSION)" scripts/emulate.sh

cross: ## every target of scripts/targets, or those of ARCH, with sizes: make cross ARCH=mipsle
	@VERSION="$(VERSION)" scripts/cross-build.sh $(ARCH)

reproduce: ## build ARCH (default amd64 and mipsle) twice, in two places, and compare the bytes
	@scripts/reproduce.sh $(ARCH)

vulncheck: ## known advisories of modules and Go (VULNDB=data/osv of a copy of golang/vulndb, without a network)
	@scripts/vuln.sh

release: ## dist/: archives, every .deb and .ipk, checksums, of the last commit (docs/release.md)
	@scripts/release.sh

snapshot: ## the same, with the version of a snapshot
	@scripts/release.sh snapshot

packages-test: ## prove what make release left in dist (root): lintian, fresh Debians, opkg's rules, oldest CPUs
	@scripts/packages-test.sh

sizes: ## the table of docs/release.md, from what make release left in dist
	@scripts/sizes.sh

.PHONY: ipk deb lint-deb emulate cross reproduce vulncheck release snapshot packages-test sizes

size: ## the table of docs/size.md: what the program for mipsle consists of
	@scripts/size.sh

.PHONY: size

clean: ## remove what was built
	rm -rf bin dist
