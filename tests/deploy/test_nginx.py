"""The nginx files of a server, in a real nginx with a certificate of the test's own."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory

from tests.deploy.scripts import CHECKOUT
from tests.site import free_port
from tests.waiting import wait_for

HOST = "chat.example.org"
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {site};
}}
"""


def nginx() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, "nginx is not installed: run deploy/services.sh install nginx"
    return found


def written_settings(name: str, folder: Path, *, http: int, https: int) -> Path:
    """The settings of an nginx that serves deploy/nginx/`name`, at these ports and from this checkout."""
    text = (CHECKOUT / "deploy" / "nginx" / name).read_text()
    for ours, here in {
        "/opt/chat": str(CHECKOUT),
        f"/etc/letsencrypt/live/{HOST}": str(folder),
        "listen 80;": f"listen 127.0.0.1:{http};",
        "    listen [::]:80;\n": "",
        "listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
        "    listen [::]:443 ssl http2;\n": "",
    }.items():
        text = text.replace(ours, here)
    (folder / "site.conf").write_text(text)
    written = folder / "nginx.conf"
    written.write_text(AROUND.format(folder=folder, site=folder / "site.conf"))
    return written


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The folder of a certificate that is good for nothing else."""
    make = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 "
        f"-subj /CN={HOST} -addext subjectAltName=DNS:{HOST} -keyout privkey.pem -out fullchain.pem"
    )
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True, timeout=30)
    return tmp_path


@pytest.fixture
def https(certificate: Path) -> Iterator[int]:
    """The port at which nginx serves the site over HTTPS; there is no site behind it."""
    port = free_port()
    written = written_settings("site-tls.conf", certificate, http=free_port(), https=port)
    with subprocess.Popen([nginx(), "-c", written, "-p", certificate, "-e", "stderr"]) as process:
        try:
            wait_for(lambda: answers(port), what="nginx")
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_server_speaks_http_2_to_whoever_can(https: int, certificate: Path) -> None:
    spoken = {}
    for offered in (["h2", "http/1.1"], ["http/1.1"]):
        context = ssl.create_default_context(cafile=certificate / "fullchain.pem")
        context.set_alpn_protocols(offered)
        with (
            socket.create_connection(("127.0.0.1", https), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as secure,
        ):
            spoken[offered[0]] = secure.selected_alpn_protocol()

    assert spoken == {"h2": "h2", "http/1.1": "http/1.1"}


def test_a_picture_may_be_larger_than_anything_else(https: int, certificate: Path) -> None:
    def answer(path: str, length: int) -> int:
        context = ssl.create_default_context(cafile=certificate / "fullchain.pem")
        connection = HTTPSConnection("127.0.0.1", https, timeout=30, context=context)
        context.check_hostname = False
        with closing(connection):
            connection.request("POST", path, body=bytes(length), headers={"Host": HOST})
            return connection.getresponse().status

    assert answer("/accounts/preferences/picture/", 6_000_000) >= 500  # there is no site behind
    assert answer("/accounts/preferences/picture/remove/", 2_000_000) == 413
    assert answer("/accounts/preferences/", 2_000_000) == 413


class Echo(BaseHTTPRequestHandler):
    """In the place of the site: says which address nginx told it."""

    def do_GET(self) -> None:  # as http.server calls it
        told = self.headers.get("X-Forwarded-For", "").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)


def test_an_address_that_a_browser_makes_up_is_not_the_one_that_is_believed(
    tmp_path: Path, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1  # as deploy/env.example says
    port = free_port()
    site = HTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=site.serve_forever, daemon=True).start()
    written = written_settings("site.conf", tmp_path, http=port, https=free_port())
    ours = tmp_path / "site.conf"
    ours.write_text(ours.read_text().replace("127.0.0.1:8001", f"127.0.0.1:{site.server_port}"))
    with subprocess.Popen([nginx(), "-c", written, "-p", tmp_path, "-e", "stderr"]) as process:
        try:
            wait_for(lambda: answers(port), what="nginx")
            with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                headers = {"Host": HOST, "X-Forwarded-For": "203.0.113.9, 10.0.0.1"}
                connection.request("GET", "/", headers=headers)
                told = connection.getresponse().read().decode()
        finally:
            process.terminate()
            process.wait(timeout=30)
            site.shutdown()
            site.server_close()

    assert told == "203.0.113.9, 10.0.0.1, 127.0.0.1"
    request = RequestFactory(REMOTE_ADDR="127.0.0.1").get("/", headers={"X-Forwarded-For": told})
    assert get_adapter().get_client_ip(request) == "127.0.0.1"


def test_nginx_understands_the_site_without_a_certificate(tmp_path: Path) -> None:
    written = written_settings("site.conf", tmp_path, http=free_port(), https=free_port())
    done = subprocess.run(
        [nginx(), "-t", "-c", written, "-p", tmp_path, "-e", "stderr"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stderr
