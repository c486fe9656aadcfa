# mypy: ignore-errors
"""Validate a crate with roc-validator, without a network. Run by the Python of another environment.

validator.py CRATE CONTEXT CACHE: the validator reads the JSON-LD context by its address, from its cache
alone. So the context, a file of the package rocrate, is put into the cache under that address. Prints as JSON
how many checks there are, how many passed, and which failed or were skipped.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from rocrate_validator.services import validate

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


class File(BaseAdapter):
    """Answers each request with the bytes of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def send(self, request: requests.PreparedRequest, **_settings: Any) -> requests.Response:
        """Return the file as a response."""
        response = requests.Response()
        response.status_code, response.reason = 200, "OK"
        response.url, response.request = request.url, request
        response.headers["Content-Type"] = "application/ld+json"
        body = io.BytesIO(self.path.read_bytes())
        response.raw = urllib3.HTTPResponse(body=body, status=200, preload_content=False)
        return response

    def close(self) -> None:
        """Close nothing."""


def main(crate: str, context: str, cache: str) -> None:
    """Fill the cache, validate, print."""
    with CachedSession(cache, backend="sqlite", expire_after=-1, allowable_codes=(200,)) as session:
        session.mount("https://", File(Path(context)))
        session.get(CONTEXT)
    result = validate(
        {
            "rocrate_uri": crate,
            "profile_identifier": "process-run-crate",
            "requirement_severity": "REQUIRED",
            "offline": True,
            "cache_path": cache,
            "cache_max_age": -1,
        }
    )
    told = {
        "passed": sum(map(bool, map(result.get_executed_check_result, result.statistics.checks))),
        "checks": len(result.statistics.checks),
        "failed": sorted(f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()),
        "skipped": sorted(check.identifier for check in result.skipped_checks),
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
