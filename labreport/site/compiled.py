"""The cache of compiled templates: to compile Material's takes a quarter of a second, in each build."""

import hashlib
from io import BytesIO
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket, bc_magic

from labreport.contract.user_cache import TEMPLATES, MadeFiles


class CompiledTemplates(BytecodeCache):
    """Keeps compiled templates in the user's cache. The name of a file is a hash of the source.

    It is a hash of the version of Python and Jinja as well, so that two of them share a cache.
    """

    def __init__(self, project: Path) -> None:
        """Use the cache unless it is in the folder `project`: what is read is code."""
        self._files = MadeFiles(TEMPLATES, project)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code of a template from the cache, if it is there."""
        if (content := self._files.read(_name(bucket))) is not None:
            bucket.load_bytecode(BytesIO(content))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Put the code of a template into the cache."""
        self._files.write(_name(bucket), bucket.bytecode_to_string())


def _name(bucket: Bucket) -> str:
    return hashlib.sha256(b"".join((bc_magic, bucket.key.encode(), bucket.checksum.encode()))).hexdigest()
