"""Is a server there, does it let us in, who may listen where: answers in one line that say what to do."""

import base64
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from components.core.errors import UsageError
from flows.reach import is_loopback, require_server
from flows.serve import check_login, check_port
from flows.server import CLIENT_AUTH, SERVER_AUTH, Server

LOGIN = "operator:secret-4711"


class Api(BaseHTTPRequestHandler):
    """The one address that is asked, behind a login as Prefect's."""

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(LOGIN.encode()).decode()
        known = self.path == "/api/admin/version"
        self.send_response(404 if not known else 200 if self.headers.get("Authorization") == wanted else 401)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Api) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_a_server_that_lets_us_in(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"{server}/api/")
    monkeypatch.setenv(CLIENT_AUTH, LOGIN)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # loopback is asked past any proxy
    assert require_server() == f"{server}/api"


@pytest.mark.parametrize("login", [None, "operator:wrong"])
def test_a_missing_or_wrong_login(server: str, login: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"{server}/api")
    monkeypatch.delenv(CLIENT_AUTH, raising=False)
    if login:
        monkeypatch.setenv(CLIENT_AUTH, login)
    with pytest.raises(UsageError, match=CLIENT_AUTH) as refused:
        require_server()
    assert "wrong" not in str(refused.value).replace("or wrong", "")


def test_no_address_nobody_there_or_another_service(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(UsageError, match="make ui"):
        require_server()
    for url, said in (
        ("http://127.0.0.1:1/api", "Connection refused"),
        (f"{server}/other", "answers 404"),
        ("file:///etc/passwd", "expected http"),
    ):
        monkeypatch.setenv("PREFECT_API_URL", url)
        with pytest.raises(UsageError, match=said):
            require_server()


def test_where_clients_find_a_server(tmp_path: Path) -> None:
    process = subprocess.Popen(["true"], text=True)
    found = {
        host: Server(process, 4200, tmp_path, host).api_url for host in ("0.0.0.0", "::", "::1", "10.0.0.5")
    }
    process.wait()
    assert found == {
        "0.0.0.0": "http://127.0.0.1:4200/api",
        "::": "http://127.0.0.1:4200/api",
        "::1": "http://[::1]:4200/api",
        "10.0.0.5": "http://10.0.0.5:4200/api",
    }


def test_which_addresses_only_this_machine_can_reach() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.2", "::", "example.org", "")))


@pytest.mark.parametrize("value", [None, "", "operator", "operator:", ":secret"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_no_server_without_a_password(value: str | None, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVER_AUTH, raising=False)
    if value is not None:
        monkeypatch.setenv(SERVER_AUTH, value)
    with pytest.raises(UsageError, match=SERVER_AUTH) as refused:
        check_login(host)
    assert ("open to other machines" in str(refused.value)) == (host == "0.0.0.0")


def test_a_password_is_enough_and_a_taken_port_is_said(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVER_AUTH, LOGIN)
    check_login("127.0.0.1")
    with pytest.raises(UsageError, match="in use"):
        check_port("127.0.0.1", int(server.rpartition(":")[2]))
