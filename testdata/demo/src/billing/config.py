"""Settings of the billing service."""

import os

REGION = "eu-central-1"
RETRIES = 3

# TODO: move to the vault
GITHUB_TOKEN = "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"
SLACK_TOKEN = "xoxb-310157901834-4699149833284-tGWjbD33kKyumO7Jf3EjzNV5"
MAPS_KEY = "AIzadlhpBtN4rPtuglTCs9Hm22M3gmrkA2QNLnz"
DATABASE = os.environ.get("DATABASE_URL", "postgres://billing:jjhvaeTitWUtmE2zgM@db7.larkspur-logistics.co:5432/billing")

MAINTAINER = "fiona.thistlewood@larkspur-logistics.co"
