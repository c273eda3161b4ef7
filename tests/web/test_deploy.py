"""The example of docs/deploy.md as it stands: nginx with login and TLS in front of two processes over one home."""

import base64
import http.server
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import defaultdict
from http.client import HTTPSConnection
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.browser.conftest import ROOT, free_port, start_server, stop_server
from tests.browser.conftest import browser as browser  # the same Chromium, as fixtures of this module
from tests.browser.conftest import chromium as chromium

CONF = ROOT / "deploy" / "nginx" / "daomap.conf"
UNIT = ROOT / "deploy" / "systemd" / "daomap@.service"
NAME = "dashboard.example.go.th"
USER, PASSWORD = "reader", "ลับ-secret"
PATHS = (
    "/", "/poverty_map", "/?area=55", "/static/x.js", "/_stcore/health", "/_stcore/host-config", "/_stcore/stream",
    "/_stcore/metrics",
    "/_stcore/upload_file/a/b", "/_stcore/agent/openapi.json", "/_stcore/script-health-check", "/media/0123.csv",
    "/map/light.json", "/fonts/noto-sans-thai.ttf", "/layers/snap-000001-0123456789ab/province/TH/poverty-2018.geojson",
    "/component/x/y", "/auth/login", "/oauth2callback", "/app/static/x", "/x%2f..%2f", "/favicon.ico",
)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()) or not shutil.which("openssl"),
        reason="no nginx or no openssl on this machine (Debian: apt-get install nginx-light openssl)",
    ),
]


def run_nginx(folder, upstreams):
    """Start nginx on the shipped file with only names, ports and paths replaced."""
    secure, plain = free_port(), free_port()
    key, certificate, passwords = folder / "key.pem", folder / "cert.pem", folder / "htpasswd"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True
    ).stdout.strip()
    passwords.write_text(f"{USER}:{hashed}\n", "utf-8")
    text = CONF.read_text("utf-8")
    for before, after in {
        "listen 443": f"listen 127.0.0.1:{secure}",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "127.0.0.1:8501": f"127.0.0.1:{upstreams[0]}",
        "127.0.0.1:8502": f"127.0.0.1:{upstreams[1]}",
        "/etc/ssl/daomap/fullchain.pem": str(certificate),
        "/etc/ssl/daomap/privkey.pem": str(key),
        "/etc/nginx/daomap.htpasswd": str(passwords),
        "/var/log/nginx/daomap.log": str(folder / "access.log"),
    }.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "daomap.conf").write_text(text, "utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n{temporary}include {folder}/daomap.conf;\n}}\n",
        "utf-8",
    )
    tool = shutil.which("nginx") or "/usr/sbin/nginx"
    checked = subprocess.run(
        [tool, "-t", "-q", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(
        [tool, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", secure)) == 0:
                break
        time.sleep(0.05)
    return SimpleNamespace(
        process=process, secure=secure, plain=plain, folder=folder, log=folder / "access.log"
    )


def stop_nginx(proxy):
    proxy.process.terminate()
    proxy.process.wait(10)


@pytest.fixture(scope="module")
def site(embedded_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(embedded_home, home)
    allowed = {
        "STREAMLIT_SERVER_ALLOWED_HOSTS": f"{NAME} 127.0.0.1",
        "STREAMLIT_BROWSER_SERVER_ADDRESS": NAME,
    }
    servers = [start_server(home, **allowed) for _ in range(2)]
    ports = [int(s.url.rpartition(":")[2]) for s in servers]
    proxy = run_nginx(tmp_path_factory.mktemp("nginx"), ports)
    yield SimpleNamespace(**vars(proxy), servers=servers, ports=ports, url=f"https://{NAME}:{proxy.secure}")
    stop_nginx(proxy)
    for server in servers:
        stop_server(server)


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """nginx before a server that answers with the headers it was sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = str(self.headers).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    proxy = run_nginx(tmp_path_factory.mktemp("echo"), [server.server_port] * 2)
    yield proxy
    stop_nginx(proxy)
    server.shutdown()


class Named(HTTPSConnection):
    """HTTPS to the proxy with the site's name in the handshake."""

    def __init__(self, port, name=NAME):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        super().__init__("127.0.0.1", port, timeout=15, context=context)
        self.name = name

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", self.port), 15)
        self.sock = self._context.wrap_socket(raw, server_hostname=self.name)


def ask(site, path, *, login=True, host=NAME, name=NAME, method="GET", **headers):
    connection = Named(site.secure, name)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host)
    if login:
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        connection.putheader("Authorization", f"Basic {token}")
    for key, value in headers.items():
        connection.putheader(key.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    found = SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())
    connection.close()
    return found


def requests(site):
    """Path, status, process and key of every request in the access log."""
    pattern = re.compile(r'"\w+ (\S+)" (\d+) .*upstream=(\S+) route=(\w+)')
    return [m.groups() for m in map(pattern.search, site.log.read_text("utf-8").splitlines()) if m]


@pytest.mark.parametrize("path", PATHS)
def test_without_login_every_path_gives_401_and_nothing_else(site, path):
    answer = ask(site, path, login=False)
    assert answer.status == 401
    assert "Set-Cookie" not in answer.headers
    wrong = ask(site, path, login=False, Authorization="Basic " + base64.b64encode(b"reader:wrong").decode())
    assert wrong.status == 401
    for found in (answer, wrong):
        assert b"streamlit" not in found.body.lower()
        headers_are_there(found)


def headers_are_there(answer):
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers.get_all("X-Frame-Options") == ["SAMEORIGIN"]
    assert answer.headers.get_all("Referrer-Policy") == ["same-origin"]
    assert len(answer.headers.get_all("Content-Security-Policy")) == 1
    assert not re.search(r"\d", answer.headers.get("Server", ""))


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/map/light.json", "/layers/x", "/media/x.csv"])
def test_headers_stand_once_on_every_answer(site, path):
    headers_are_there(ask(site, path))


def test_metrics_and_other_inner_workings_are_closed_to_everybody(site):
    for path in (
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/interact",
        "/_stcore/script-health-check",
    ):
        answer = ask(site, path)
        assert answer.status == 404
        assert b"nginx" in answer.body  # said by the proxy, not passed on


def test_a_wrong_name_is_refused(site):
    with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
        ask(site, "/", name="evil.example", host="evil.example")
    with pytest.raises(ConnectionError):
        ask(site, "/", host="evil.example")
    # Plain HTTP: another name gets no answer at all, ours is sent to TLS.
    for host, expected in (("evil.example", None), (NAME, b"301")):
        with socket.create_connection(("127.0.0.1", site.plain), 10) as raw:
            raw.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            found = raw.recv(4096)
        assert (
            (found == b"")
            if expected is None
            else (expected in found and f"https://{NAME}/".encode() in found)
        )


def test_what_says_who_somebody_is_never_comes_from_the_outside(echo):
    sent = {
        "X_Auth_Request_Email": "governor@example", "X_Auth_Request_User": "governor", "X_Auth_User": "governor",
        "X_Auth_Email": "governor", "X_Auth_Request_Groups": "governor", "X_Forwarded_User": "governor",
        "X_Forwarded_Email": "governor", "X_Forwarded_Groups": "governor", "X_Forwarded_Preferred_Username": "governor",
        "X_Forwarded_Access_Token": "governor", "Remote_User": "governor", "X_Remote_User": "governor",
        "X_Auth_Request_Access_Token": "governor", "X_Auth_Request_Preferred_Username": "governor",
        "X_Forwarded_For": "6.6.6.6",
    }  # fmt: skip
    for path in ("/", "/_stcore/stream", "/_stcore/upload_file/a/b"):
        answer = ask(echo, path, **sent)
        assert answer.status == 200
        passed = answer.body.decode().lower()
        assert "governor" not in passed and "authorization" not in passed and "6.6.6.6" not in passed
        assert "x-forwarded-for: 127.0.0.1" in passed
        assert f"host: {NAME}" in passed


def test_no_more_sockets_for_one_person_than_allowed(site):
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Basic {token}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: streamlit\r\n\r\n"
    ).encode()
    sockets, statuses = [], []
    try:
        for _ in range(24):
            connection = Named(site.secure)
            connection.connect()
            sockets.append(connection)
            connection.sock.sendall(request)
            statuses.append(connection.sock.recv(4096).split()[1])
    finally:
        for connection in sockets:
            connection.close()
    assert statuses.count(b"101") == 20
    assert statuses.count(b"503") == 4


CLOSE_SOCKETS = """
window.__sockets = [];
const Plain = window.WebSocket;
window.WebSocket = class extends Plain { constructor(...a) { super(...a); window.__sockets.push(this); } };
"""


def visitor(site, name_rules):
    context = name_rules.new_context(
        ignore_https_errors=True, http_credentials={"username": USER, "password": PASSWORD}, locale="th-TH"
    )
    page = context.new_page()
    page.add_init_script(CLOSE_SOCKETS)
    page.goto(f"{site.url}/overview?year=2018")
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_selector("[data-testid=stDataFrame]", timeout=60_000)
    return context, page


@pytest.fixture(scope="module")
def named_browser(browser):
    """Chromium that finds the site's name on this machine."""
    yield browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", f"--host-resolver-rules=MAP {NAME} 127.0.0.1", "--use-gl=angle",
              "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
    )  # fmt: skip


def test_pages_load_through_the_proxy_and_stay_with_one_process(site, named_browser):
    keys = set()
    # Which process a newcomer meets is chance, so visitors come until both have been met.
    for _ in range(20):
        context, page = visitor(site, named_browser)
        assert "ประเทศไทย" in page.inner_text("h1")
        key = next(c["value"] for c in context.cookies() if c["name"] == "daomap_route")
        cookie = next(c for c in context.cookies() if c["name"] == "daomap_route")
        assert cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Lax"
        keys.add(key)
        # The socket breaks, as it does on a train: the page connects again, to the same process.
        page.evaluate("window.__sockets.at(-1).close()")
        for _ in range(100):
            if page.evaluate("window.__sockets.length > 1 && window.__sockets.at(-1).readyState === 1"):
                break
            page.wait_for_timeout(100)
        else:
            raise AssertionError("the page did not connect again")
        page.locator(".st-key-download button").first.click()
        # The link is the proxy's, not that of the process behind it.
        assert page.locator(".st-key-download_link code").inner_text().startswith(f"https://{NAME}:")
        # A file made in that process is fetched from it.
        with page.expect_download(timeout=60_000) as waiting:
            page.get_by_role("button", name="ดาวน์โหลด CSV").click()
        assert b"area_code" in Path(waiting.value.path()).read_bytes()
        context.close()
        for _ in range(50):  # a socket is logged when it ends
            streams = [r for r in requests(site) if r[3] == key and r[0] == "/_stcore/stream"]
            if len(streams) >= 2:
                break
            time.sleep(0.1)
        assert len(streams) >= 2
        if len({r[2] for r in requests(site) if r[3] in keys and r[2] != "-"}) == len(site.ports):
            break
    upstreams = defaultdict(set)
    for path, _status, upstream, route in requests(site):
        if route in keys and upstream != "-":
            upstreams[route].add(upstream)
            assert "?" not in path
    assert all(len(found) == 1 for found in upstreams.values())
    assert {u for found in upstreams.values() for u in found} == {f"127.0.0.1:{p}" for p in site.ports}
    media = [r for r in requests(site) if r[0].startswith("/media/") and r[1] == "200"]
    assert media


def test_when_one_process_stops_the_other_takes_its_visitors(site, named_browser):
    context, page = visitor(site, named_browser)
    key = next(c["value"] for c in context.cookies() if c["name"] == "daomap_route")
    used = next(r[2] for r in requests(site) if r[3] == key and r[2] != "-")
    stopped = site.servers[site.ports.index(int(used.rpartition(":")[2]))]
    page.goto("about:blank")
    stop_server(stopped)
    page.goto(f"{site.url}/overview?year=2018&area=55")
    page.wait_for_selector("h1", timeout=60_000)
    assert "น่าน" in page.inner_text("h1")
    context.close()


def test_the_unit_starts_what_there_is_and_bounds_it():
    from warehouse.cli import _parser

    unit = UNIT.read_text("utf-8")
    settings = dict(line.split("=", 1) for line in unit.splitlines() if re.match(r"[A-Z]\w*=", line))
    program, *arguments = settings["ExecStart"].replace("%i", "8501").split()
    assert program.endswith("/bin/daomap")
    options = _parser().parse_args(arguments)
    assert (options.command, options.port, options.address, options.headless) == (
        "serve",
        8501,
        "127.0.0.1",
        True,
    )
    assert settings["MemoryMax"] == "1500M" and settings["IPAddressDeny"] == "any"
    assert settings["NoNewPrivileges"] == "yes" and settings["ProtectSystem"] == "strict"
    names = dict(re.findall(r'Environment="?(\w+)=([^"\n]+)', unit))
    assert names["STREAMLIT_SERVER_ALLOWED_HOSTS"].split()[0] == names["STREAMLIT_BROWSER_SERVER_ADDRESS"]
    assert names["STREAMLIT_BROWSER_SERVER_ADDRESS"] == NAME
    tool = shutil.which("systemd-analyze")
    if tool:
        found = subprocess.run(
            [tool, "verify", "--man=no", UNIT], capture_output=True, text=True, check=False
        )
        assert "Unknown key" not in found.stderr and "Failed to parse" not in found.stderr


def test_the_guide_names_commands_and_files_that_exist():
    from warehouse.cli import _parser

    guide = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    commands = next(a for a in _parser()._actions if a.dest == "command").choices
    used = set(re.findall(r"(?:bin/|`|&& |: )daomap ([a-z]+)\b", guide))
    assert {"serve", "build", "import", "check", "backup", "rollback"} <= used
    assert used <= set(commands)
    for file in re.findall(r"`(deploy/[\w/@.]+)`", guide):
        assert (ROOT / file).is_file()
    for name in re.findall(r"STREAMLIT_[A-Z_]+", guide):
        from streamlit import config

        assert name in {o.env_var for o in config._config_options_template.values()} | {"STREAMLIT_"}
