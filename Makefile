# SPDX-License-Identifier: Apache-2.0
# The front door. Every target does its own set-up and is safe to run twice.

BUILD ?= build
RELEASE ?= build-release
PREFIX ?= /usr/local
PROGRAMS := sealer/kubeseal controller/controller
INSTALLED := controller/sealed-secrets-controller \
  $(addprefix sealer/completions/,kubeseal _kubeseal kubeseal.fish)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.DEFAULT_GOAL := help
.PHONY: help deps configure build release test e2e demo bench soak memory tsan fuzz format lint clean manifests manifests-test docs-test migration-test image image-all image-test image-reproducible attack mutants extended install packages packages-test

help: ## List these targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

deps: ## Install the Debian packages that the build and the tests need
	@scripts/deps

$(BUILD)/build.ninja:
	@scripts/deps
	meson setup $(BUILD) -Dbuildtype=debug -Db_sanitize=address,undefined -Db_lundef=false

$(RELEASE)/build.ninja:
	@scripts/deps
	meson setup $(RELEASE) -Doptimization=2 -Ddebug=false -Db_lto=true

build: $(BUILD)/build.ninja ## Build everything, with AddressSanitizer and UBSan
	ninja -C $(BUILD)

release: $(RELEASE)/build.ninja ## Build the programs as they are shipped: hardened, with LTO
	ninja -C $(RELEASE) $(PROGRAMS)

test: build ## Run all tests that need no cluster
	@scripts/test $(BUILD)

e2e: release ## Run the end-to-end suite against a real kube-apiserver (needs root)
	@test/e2e/real $(RELEASE)

manifests: ## Write what of manifests/ is made from something else in it
	@scripts/deps
	@scripts/manifests

manifests-test: release ## Check manifests/, overlays and the Helm chart, also against a real kube-apiserver
	@test/manifests/run $(RELEASE)

docs-test: release ## Run the commands of README.md and docs/ against a real kube-apiserver
	@test/docs/real $(RELEASE)

migration-test: release ## Move a real kube-apiserver over from the reference, and back
	@test/migration/real $(RELEASE)

install: release ## Install both programs, man pages, completions (PREFIX, DESTDIR)
	meson configure $(RELEASE) -Dprefix=$(PREFIX)
	ninja -C $(RELEASE) $(PROGRAMS) $(INSTALLED) >/dev/null
	meson install -C $(RELEASE) --no-rebuild --quiet

packages: release ## Make Debian packages of both programs, in build-packages
	@scripts/deps packages
	packaging/packages $(RELEASE) build-packages

packages-test: packages ## Install and try the Debian packages
	ninja -C $(RELEASE) test/apiserver/bulla-test-apiserver
	@test/packages/run $(RELEASE) build-packages

image: ## Make the images and files of a release, for amd64, in build-image
	@scripts/deps image
	packaging/image build-image amd64

image-all: ## Make them for amd64 and arm64, and try the latter under qemu
	@scripts/deps image-all
	packaging/image build-image amd64 arm64
	@test/image/arm64 build-image

image-test: image ## Run the controller's image against a real kube-apiserver
	@test/image/real build-image

image-reproducible: image ## Build the images again, from another folder, and compare the bytes
	@test/image/reproducible build-image

attack: $(RELEASE)/build.ninja ## Attack the controller as anybody in a cluster can, and measure how it fares
	ninja -C $(RELEASE) $(PROGRAMS) test/apiserver/bulla-test-apiserver
	@test/attack/run $(RELEASE)

mutants: ## Break the code in twenty places, one at a time: some test has to see each
	@scripts/deps
	@test/mutants/run

extended: release ## Everything that takes too long for each change
	@scripts/extended

demo: $(RELEASE)/build.ninja ## Seal Secrets and watch a controller open them (KEEP=1 leaves it running)
	ninja -C $(RELEASE) $(PROGRAMS) test/apiserver/bulla-test-apiserver
	@scripts/demo $(RELEASE)

bench: $(RELEASE)/build.ninja ## Print what sealing, unsealing and the controller cost: rates, time, memory
	ninja -C $(RELEASE) sealer/kubeseal test/bench/bench_crypto test/bench/bench_kubeseal test/bench/bench_template \
	  controller/controller test/bench/bench_controller
	meson test -C $(RELEASE) --no-rebuild --benchmark --verbose

soak: $(RELEASE)/build.ninja ## Watch the controller's memory over 100,000 reconciles (RECONCILES=N)
	ninja -C $(RELEASE) controller/controller test/bench/soak
	$(RELEASE)/test/bench/soak $(RELEASE)/controller/controller $(RECONCILES)

memory: $(RELEASE)/build.ninja ## Search the controller's memory for what went through it (needs root)
	ninja -C $(RELEASE) controller/controller test/memory/memory_scan
	$(RELEASE)/test/memory/memory_scan $(RELEASE)/controller/controller || [ $$? -eq 77 ]

tsan: ## Run the tests that use threads under ThreadSanitizer
	@scripts/deps
	@scripts/tsan

fuzz: ## Run every fuzz target for a fixed number of iterations (clang)
	@scripts/deps fuzz
	@scripts/fuzz

format: ## Reformat the sources with clang-format
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

lint: ## Check formatting and run clang-tidy over the rooms
	@scripts/deps lint
	@scripts/lint

clean: ## Remove all build folders
	rm -rf build build-*
