# Each target is one line over run.py, which also works where make is missing: python3 run.py TARGET
PYTHON ?= python3
ARGS ?=
WORKERS ?=

.PHONY: run journey test soak check format lock setup clean sbom audit-dependencies
run journey test soak check format lock setup clean sbom audit-dependencies:
	@$(PYTHON) run.py $@ $(ARGS)

bench-%:
	@$(PYTHON) run.py bench $* $(if $(WORKERS),--workers $(WORKERS)) $(ARGS)
