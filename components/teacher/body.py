"""The body of an answer, never larger in memory than its limit, whatever the server makes of its encoding."""

import re
import zlib

PLAIN = ("", "identity")
SQUEEZED = ("gzip", "x-gzip", "deflate")
EITHER_HEADER = 32 + zlib.MAX_WBITS  # zlib tells gzip and zlib apart by their first bytes


class TooLongError(Exception):
    """The body is longer than its limit, as it came or unpacked."""


class BrokenError(Exception):
    """The body is not in the encoding that its header names, or ends before it is whole."""


class UnknownEncodingError(Exception):
    """The body is in an encoding that is not read here; the words name it."""


class Body:
    """Collects the blocks of one body.

    The client asks for plain bytes, but a proxy may squeeze them all the same: a few kilobytes can then stand
    for gigabytes, so no block is unpacked further than there is room for.

    Args:
        encoding: of the header Content-Encoding, empty without one.
        most: bytes, of what came and of what it unpacks to.

    Raises:
        UnknownEncodingError: the header names an encoding that is not read here.

    """

    def __init__(self, encoding: str, most: int):
        name = encoding.strip().lower()
        if name not in PLAIN + SQUEEZED:
            raise UnknownEncodingError(
                f"the answer is encoded as {encoding[:40]!r}, though plain bytes were asked for"
            )
        self.most, self.came, self.data = most, 0, bytearray()
        self._unpack = None if name in PLAIN else zlib.decompressobj(EITHER_HEADER)

    def add(self, block: bytes) -> None:
        """Take a block as it came.

        Raises:
            TooLongError, BrokenError.

        """
        self.came += len(block)
        if self._unpack is not None:
            try:
                block = self._unpack.decompress(block, self.most + 1 - len(self.data))
            except zlib.error as error:
                raise BrokenError(f"the answer cannot be unpacked ({error})") from None
        self.data += block
        if max(self.came, len(self.data)) > self.most:
            raise TooLongError

    def text(self) -> str:
        """The whole body as text; bytes that are no UTF-8 become halves of surrogate pairs, which no JSON is.

        Raises:
            BrokenError: it ended before it was whole.

        """
        if self._unpack is not None and not self._unpack.eof:
            raise BrokenError("the answer ends before it is unpacked")
        return bytes(self.data).decode("utf-8", errors="surrogateescape")


def echo_of(key: str) -> re.Pattern[str]:
    r"""What spells `key` in a JSON text: each letter as it is, behind a backslash, or as `\u002b`."""
    letters = (rf"(?:\\?{re.escape(letter)}|\\u00(?i:{ord(letter):02x}))" for letter in key)
    return re.compile("".join(letters))
