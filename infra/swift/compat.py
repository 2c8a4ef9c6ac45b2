"""A filter before s3api of Swift 2.30, for today's S3 clients.

1. The answer to HEAD of an absent key gets a Content-Length: without it aiohttp, and with it DVC, fails.
2. DeleteObjects gets the Content-MD5 that s3api insists on and that boto3 no longer sends.
3. PUT with `If-None-Match` is let through to Swift, whose object servers do check it: s3api would answer 501.
   That check is NOT atomic: of several writers at once more than one can win. Build no lock on it.
"""

import base64
import hashlib
import io
from urllib.parse import parse_qs

from swift.common.middleware.s3api.s3request import S3Request

LARGEST_BODY = 4 * 2**20  # of a DeleteObjects: 1000 keys of 1024 bytes, escaped


def let_conditions_through():
    """Hide `If-None-Match: *` of a PUT from the one check that refuses it."""
    refuse = S3Request._validate_headers

    def validate(self):
        condition = self.environ.pop("HTTP_IF_NONE_MATCH", None) if self.method == "PUT" else None
        try:
            refuse(self)
        finally:
            if condition is not None:
                self.environ["HTTP_IF_NONE_MATCH"] = condition

    S3Request._validate_headers = validate


class Compat:
    """The WSGI filter."""

    def __init__(self, app):
        self.app = app

    def __call__(self, env, start_response):
        """Mend the request, pass it on, mend the head of the answer."""
        if env["REQUEST_METHOD"] == "POST" and "delete" in parse_qs(
            env["QUERY_STRING"], keep_blank_values=True
        ):
            self.add_md5(env)

        def start(status, headers, exc_info=None):
            names = {name.lower() for name, _ in headers}
            if env["REQUEST_METHOD"] == "HEAD" and status.startswith("404") and "content-length" not in names:
                headers = [*headers, ("Content-Length", "0")]
            return start_response(status, headers, exc_info)

        return self.app(env, start)

    def add_md5(self, env):
        """Read the body and add its MD5; a larger body than any client sends is left to s3api to refuse."""
        size = int(env.get("CONTENT_LENGTH") or 0)
        if "HTTP_CONTENT_MD5" in env or size > LARGEST_BODY:
            return
        body = env["wsgi.input"].read(size)
        env["wsgi.input"] = io.BytesIO(body)
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        env["HTTP_CONTENT_MD5"] = base64.b64encode(digest).decode()


def filter_factory(global_conf, **local_conf):
    """Paste's entry."""
    let_conditions_through()
    return Compat
