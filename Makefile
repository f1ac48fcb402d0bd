# What one types here. Each target installs what it needs and says so; `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo install test bench tidy fmt docs licences sbom proto-baseline reference models setup

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

docs: ## write the pages anew that are made from the code
	@cargo xtask licences
	@bash -c '. scripts/lib.sh; use_rust; HARK_WRITE_DOCS=1 cargo test --quiet --locked --workspace --test configuration --test telemetry the_page'

licences: ## collect the texts of the licences: target/supply/NOTICES.txt
	@mkdir -p target/supply
	@cargo xtask notices > target/supply/NOTICES.txt && echo "wrote target/supply/NOTICES.txt"

sbom: ## write the bill of materials: target/supply/hark.cdx.json (CycloneDX)
	@cargo xtask sbom --output target/supply/hark.cdx.json \
	  --timestamp "$$(TZ=UTC0 git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)"

proto-baseline: ## accept the contract as it is now, if it breaks nobody
	@scripts/setup.sh test
	@scripts/proto-baseline.sh accept

reference: ## compute the reference's numbers anew with openai-whisper (5.6 GB, minutes)
	@tests/reference/run.sh

models: ## train hark-home and hark-nano anew (hours; resumable; not needed to build)
	@models/train/run.sh all

setup: ## install what building and testing need, and nothing else
	@scripts/setup.sh test
