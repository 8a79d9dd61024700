# Every way to run, test and check the site. The work is done by the scripts in deploy/.

.DEFAULT_GOAL := help
.PHONY: help run admin stack test test-quick long faults bench lighthouse check audit format messages icons pictures clean

help: ## Say what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

run: ## Serve the site on http://127.0.0.1:8000 (change it with PORT= and HOST=)
	@deploy/run.sh

admin: ## Make an admin (asks for name and password)
	@.venv/bin/python manage.py createsuperuser

stack: ## Run web, live and worker processes on private MariaDB and RabbitMQ, same address
	@deploy/stack.sh

test: ## Run every check and all tests, installing with apt-get what they need
	@deploy/test.sh all

test-quick: ## Run the tests on SQLite alone, under a minute
	@deploy/test.sh quick

long: ## Run the tests that take minutes
	@deploy/test.sh long

faults: ## Break each part under full load, for long, and count the messages afterwards
	@deploy/test.sh faults

bench: ## Measure (see docs/benchmarks.md)
	@deploy/test.sh bench

lighthouse: ## Have Lighthouse look at the site (see docs/lighthouse.md); needs Node and npm
	@deploy/test.sh lighthouse

check: ## Run the static checks alone
	@deploy/test.sh check

audit: ## Look for known vulnerabilities in what a server runs; needs the network
	@deploy/test.sh audit

format: ## Format Python and templates
	@deploy/test.sh format

messages: ## Bring the translations in locale/ up to date with the texts in the code
	@deploy/test.sh messages

icons: ## Draw the pictures of the icons anew, after a change of their SVG
	@deploy/test.sh icons

pictures: ## Take the pictures in docs/pictures/ anew, after a change of the looks
	@deploy/test.sh pictures

clean: ## Remove .venv and caches; what is in var/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
