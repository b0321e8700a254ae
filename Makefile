# Everything there is to do here; each target installs what it needs into .tools and says so.

SHELL := /bin/bash
export PATH := $(CURDIR)/.tools/bin:$(PATH)

.PHONY: help run test dev lint bench ordeal fuzz screenshots clean

help: ## What can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

run: ## Build all, and serve it with the sample project
	@.make/run $(ARGS)

test: ## All checks and tests
	@.make/test

dev: ## Serve the console and rebuild it on each change; its API is that of a `make run` elsewhere
	@.make/tools
	@. .make/common.sh && find_rust && run_trunk serve

lint: ## Formatting, lints, licences
	@.make/tools test
	@.make/lint

bench: ## Measure what the README says about speed and size
	@.make/tools bench
	@.make/release
	@.make/with-engine .make/bench

ordeal: ## Kill the platform 100 times while it works, and see that nothing is lost
	@.make/tools
	@.make/ordeal

fuzz: ## Feed the parsers what no one would send, each for FUZZ_SECONDS
	@.make/fuzz

screenshots: ## Make the pictures of the README
	@.make/tools test
	@.make/release
	@PILOTHOUSE_SAMPLE_BINARY="$$(.make/sample)" .make/with-engine npm --prefix tests/e2e run screenshots

clean: ## Remove what was built and installed here, and the containers of `make run`
	@.make/engine --remove --state .tools/podman
	@rm -rf target dist .tools tests/e2e/node_modules
