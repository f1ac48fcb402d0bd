# What one types here. Each target installs what it needs and says so; `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo install test bench tidy fmt proto-baseline reference setup

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## build Hark, speak to it, and see the lamp in the hallway go on
	@scripts/demo.sh

install: ## build Hark and install it under PREFIX (default /usr/local)
	@scripts/install.sh

test: ## run every check that needs no GPU
	@scripts/test.sh

bench: ## measure the hot paths (docs/benchmarks.md has the figures)
	@bash -c '. scripts/lib.sh; scripts/setup.sh build; use_rust; cargo build --locked --release -p hark; cargo bench --locked -p hark-benches'

tidy: ## check what prose cannot enforce
	@cargo xtask tidy

fmt: ## format the code
	@cargo fmt --all

proto-baseline: ## accept the contract as it is now, if it breaks nobody
	@scripts/setup.sh test
	@scripts/proto-baseline.sh accept

reference: ## compute the reference's numbers anew with openai-whisper (5.6 GB, minutes)
	@tests/reference/run.sh

setup: ## install what building and testing need, and nothing else
	@scripts/setup.sh test
