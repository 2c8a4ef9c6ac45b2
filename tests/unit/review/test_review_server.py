"""The server lets its own page in and nobody else, and keeps to the media root."""

import errno
import http.client
import json
import os
from collections import Counter
from urllib.parse import urlsplit

import pytest

from components.annotate.reviews import read
from components.core.errors import DataError
from components.review.desk import Desk
from components.review.journal import Journal
from components.review.sample import read_labels, showable
from components.video.root import MediaRoot
from tests.support.review_world import page_of, serving


class Client:
    """Requests as a browser's page would send them, unless a test says otherwise."""

    def __init__(self, server):
        self.place = urlsplit(server.url)
        self.origin = f"http://{self.place.netloc}"

    def send(self, method, path, body=None, headers=None, base=None):
        connection = http.client.HTTPConnection(self.place.hostname, self.place.port, timeout=30)
        sent = {"Origin": self.origin, "Content-Type": "application/json"} if body is not None else {}
        sent = {key: value for key, value in {**sent, **(headers or {})}.items() if value is not None}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, (base or self.place.path) + path, data, sent)
        reply = connection.getresponse()
        found = reply.status, reply.headers, reply.read()
        connection.close()
        return found

    def get(self, path):
        status, _, body = self.send("GET", path)
        return status, json.loads(body)

    def post(self, path, body):
        status, _, said = self.send("POST", path, body)
        return status, json.loads(said)


@pytest.fixture
def client(world):
    with page_of(world) as server:
        yield Client(server)


def test_the_page_and_its_parts_are_served_with_a_strict_policy(client):
    scripts = dict.fromkeys(("page.js", "timeline.js", "answers.js", "frame.js"), "text/javascript")
    others = {"": "text/html", "page.css": "text/css", "icon.svg": "image/svg+xml"}
    for path, kind in {**others, **scripts}.items():
        status, headers, body = client.send("GET", path)
        assert (status, headers.get_content_type()) == (200, kind) and body
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer" and "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "review.example.org"},
        {"Origin": "https://example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_pages_and_foreign_names_are_kept_out(client, headers):
    assert client.send("GET", "session", headers=headers)[0] == 403
    verdict = {"verdict": "reject", "response": [], "note": ""}
    assert client.send("POST", "verdict/0", verdict, headers)[0] == 403
    assert client.get("session")[1]["verdicts"][0] is None


@pytest.mark.parametrize(
    "headers", [{"Origin": None}, {"Content-Type": "text/plain"}, {"Content-Type": None}]
)
def test_a_verdict_must_come_from_the_page_itself(client, headers):
    verdict = {"verdict": "reject", "response": [], "note": ""}
    assert client.send("POST", "verdict/0", verdict, headers)[0] == 403


def test_without_the_token_there_is_nothing(client):
    for base in ("/", "/session", "/x/", "//", f"{client.place.path[:-2]}/"):
        assert client.send("GET", "session", base=base)[0] == 403
    assert client.send("OPTIONS", "session")[0] == 501


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"response": NaN}', b'{"verdict": "\\ud800"}', b"[" * 90_000]
)
def test_a_body_that_is_no_object_is_refused(client, body):
    assert client.send("POST", "states/0", body)[0] == 400


@pytest.mark.parametrize("length", [str(1 << 40), "-1", "\u00b2", "1e3", "9" * 5000])
def test_a_body_without_end_is_not_read(client, length):
    assert client.send("POST", "states/0", b"", {"Content-Length": length})[0] == 413


@pytest.mark.parametrize("seconds", [10**400, -(10**400), 1e300, True, None, "3", [1]])
def test_what_is_no_number_of_seconds_is_said(client, seconds):
    answer = {"content": "x", "st_time": "", "end_time": "", "time": seconds}
    for path, body in (("states/0", {}), ("verdict/0", {"verdict": "fix", "note": ""})):
        status, said = client.post(path, {**body, "response": [answer]})
        assert status == 400 and "expected" in said["error"]


def test_a_verdict_that_cannot_be_written_is_said_and_not_counted(client, world, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("components.review.journal.write_bytes", full)
    status, said = client.post("verdict/0", {"verdict": "reject", "response": [], "note": ""})
    assert status == 500 and "reviews.jsonl: No space left" in said["error"]
    assert client.get("session")[1]["verdicts"][0] is None and not world.reviews.exists()


def test_a_label_of_twenty_thousand_answers_can_be_fixed(world):
    label = read_labels(world.label_files)[0]
    end = label["response"][0]["end_time"] if label["response"] else 1.0
    many = [
        {"content": f"answer number {number:05d}", "st_time": 0.0, "end_time": float(end), "time": ""}
        for number in range(20_000)
    ]
    desk = Desk([{**label, "response": many}], MediaRoot(world.media), Journal(world.reviews), "ann")
    with serving(desk) as server:
        client = Client(server)
        assert len(client.get("item/0")[1]["response"]) == 20_000
        status, _ = client.post("verdict/0", {"verdict": "fix", "response": many[1:], "note": ""})
    assert status == 200 and len(read(world.reviews)[0].response) == 19_999


@pytest.mark.parametrize("path", ["item/99", "frame/99/0.jpg", "strip/99/4.jpg"])
def test_a_label_that_is_not_there_is_said(client, path):
    status, _, body = client.send("GET", path)
    assert status == 400 and "there are 6 labels" in json.loads(body)["error"]


def test_an_unknown_address_is_404(client):
    for path in ("page.py", "../page.html", "item/-1", "item/1/2", "frame/0/1e3.jpg"):
        assert client.get(path)[0] == 404
    assert client.post("item/0", {})[0] == 404


def test_frames_and_strips_are_pictures(client):
    from io import BytesIO

    from PIL import Image

    status, headers, body = client.send("GET", "frame/0/1500.jpg")
    assert status == 200 and headers.get_content_type() == "image/jpeg"
    assert Image.open(BytesIO(body)).size == (56, 56)
    assert Image.open(BytesIO(client.send("GET", "strip/0/5.jpg")[2])).size == (360, 72)
    assert client.send("GET", "frame/0/999999999.jpg")[2]  # past the end: the last picture


def test_a_label_never_leaves_the_media_root(world, tmp_path):
    (tmp_path / "secret.mp4").write_bytes(b"x")
    paths = ["../../secret.mp4", str(tmp_path / "secret.mp4"), "file:///etc/passwd", "none.mp4", "out.mp4"]
    media = tmp_path / "media"
    media.mkdir()
    (media / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    labels = [
        {"id": str(number), "video_path": path, "question": [], "response": []}
        for number, path in enumerate(paths)
    ]
    labels.append({"id": "x", "question": [], "response": []})
    (media / "in.mp4").write_bytes(b"x")
    for odd in ("\ud800", float("nan")):  # no line of a file can name such a label
        label = {"id": "y", "video_path": "in.mp4", "question": [], "response": [], "source": odd}
        labels.append(label)
    assert showable(labels, MediaRoot(media)) == ([], Counter(unknown_video=5, malformed=3))


def test_a_video_that_does_not_decode_can_only_be_rejected(world, tmp_path):
    real = world.media
    labels = read_labels(world.label_files[:1])
    name = labels[0]["video_path"]
    (tmp_path / "data2" / "media" / name).parent.mkdir(parents=True)
    (tmp_path / "data2" / "media" / name).write_bytes((real / name).read_bytes()[:300])
    desk = Desk(labels[:1], MediaRoot(tmp_path / "data2" / "media"), Journal(tmp_path / "r.jsonl"), "ann")
    with pytest.raises(DataError, match=r"\.mp4: not_media|\.mp4: truncated"):
        desk.show(0)
    with pytest.raises(DataError, match=r"\.mp4: not_media|\.mp4: truncated"):
        desk.decide(0, "approve", desk.made(0), "")
    desk.decide(0, "reject", [], "the file is broken")
    assert [review.verdict for review in read(tmp_path / "r.jsonl")] == ["reject"]
