"""The Lua that Kong runs before its plugins, in LuaJIT, with a stand-in for Kong's functions."""

import json
import re
import subprocess
from base64 import urlsafe_b64encode
from pathlib import Path

import jwt
import pytest

from gateway import embedded, render
from shared import keys
from tests.processes import find

# Kong's sandbox has neither require nor string.rep. Headers come in and go out as lines.
KONG = """
local values = {}
for line in io.lines() do
  local name, value = line:match("^([^:]+): (.*)$")
  values[name:lower()] = value
end
local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function decode_base64(text)
  if #text % 4 ~= 0 or not text:find("^[%w+/]*=?=?$") then return nil end
  local bits = text:gsub("=", ""):gsub(".", function(letter)
    local number, digits = letters:find(letter, 1, true) - 1, {}
    for place = 6, 1, -1 do digits[place], number = number % 2, math.floor(number / 2) end
    return table.concat(digits)
  end)
  return (bits:sub(1, #bits - #bits % 8):gsub("%d%d%d%d%d%d%d%d", function(byte)
    return string.char(tonumber(byte, 2))
  end))
end
string.rep = nil
local sandbox = {
  ipairs = ipairs, pairs = pairs, type = type, tostring = tostring, tonumber = tonumber,
  string = string, table = table, math = math,
  ngx = { decode_base64 = decode_base64 },
  kong = {
    request = {
      get_header = function(name) return values[name:lower()] end,
      get_headers = function(limit)
        assert(limit >= 1 and limit <= 1000)
        local copy = {}
        for name, value in pairs(values) do copy[name] = value end
        return copy
      end,
    },
    service = { request = {
      set_header = function(name, value) values[name:lower()] = value end,
      clear_header = function(name) values[name:lower()] = nil end,
    } },
  },
}
local run = setfenv(assert(loadfile(arg[1])), sandbox)()
run()
run()  -- it runs at each request
for name, value in pairs(values) do print(name .. ": " .. value) end
"""
FILE = Path(render.__file__).parent / "pre_function.lua"
CLAIMS = {"sub": "alice", "exp": 1_900_000_000, "jti": "1", "permissions": ["mx_write"]}
HEADER = {"alg": "RS256", "typ": "JWT", "kid": "20261127T120000"}


@pytest.fixture(scope="module")
def forward(tmp_path_factory):
    """``forward(headers)`` are the headers that Kong's plugins and the service see."""
    driver = tmp_path_factory.mktemp("lua") / "kong.lua"
    driver.write_text(KONG)

    def run(headers):
        lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
        command = [find("luajit", "luajit"), driver, FILE]
        done = subprocess.run(command, input=lines, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return dict(line.split(": ", 1) for line in done.stdout.splitlines())

    return run


def encode(part):
    text = part if isinstance(part, str) else json.dumps(part)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def token(header=HEADER, payload=CLAIMS, signature="c2ln"):
    return f"{encode(header)}.{encode(payload)}.{signature}"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer ", " Bearer"])
def test_a_token_of_ours_passes_in_any_spelling_of_the_scheme(forward, loaded, scheme):
    folder = loaded["tokens"]["keys"]
    kid, key = keys.signing_key(folder)
    claims = {**CLAIMS, "sub": "żółć", "personId": 7, "beamlines": None, "n": 'a"kid"\\b'}
    sent = jwt.encode(claims, key, "RS256", headers={"kid": kid})
    assert forward({"Authorization": f"{scheme} {sent}"}) == {"authorization": f"Bearer {sent}"}


MALFORMED = {
    "null header": token("null"),
    "number header": token("1"),
    "text header": token('"kid"'),
    "list header": token("[]"),
    "header without kid": token({"alg": "RS256"}),
    "kid number": token({**HEADER, "kid": 1}),
    "kid null": token({**HEADER, "kid": None}),
    "kid true": token({**HEADER, "kid": True}),
    "kid list": token({**HEADER, "kid": ["a"]}),
    "kid object": token({**HEADER, "kid": {"kid": "a"}}),
    "kid twice": token('{"alg":"RS256","kid":"a","kid":1}'),
    "kid hidden": token('{"alg":"RS256","x":"a","\\u006bid":1}'),
    "kid hidden behind another": token('{"alg":"RS256","kid":"a","\\u006bid":1}'),
    "null payload": token(payload="null"),
    "number payload": token(payload="17"),
    "text payload": token(payload='"a"'),
    "list payload": token(payload="[]"),
    "empty payload": token(payload=""),
    "kid in the payload": token(payload={**CLAIMS, "kid": 1}),
    "kid hidden in the payload": token(payload='{"sub":"a","\\u006B\\u0069d" : 1}'),
    "two parts": "e30.e30",
    "four parts": f"{token()}.e30",
    "no base64": "a b.c.d",
    "five letters": "eyJhb.eyJhb.c2ln",
    "opaque": "0123456789abcdef",
    "empty": "",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_token_is_removed(forward, name):
    headers = {"Authorization": f"Bearer {MALFORMED[name]}", "Accept": "text/csv"}
    assert forward(headers) == {"accept": "text/csv"}


@pytest.mark.parametrize("value", ["Basic YWxpY2U6YQ==", "Bearer", "Basic x Bearer " + token()])
def test_another_scheme_is_removed(forward, value):
    assert forward({"Authorization": value}) == {}


def test_headers_that_only_kong_may_set_are_removed(forward):
    sent = {
        **{f"X-Consumer-{end}": "root" for end in ("ID", "Username", "Groups", "Foo")},
        **{"X-Credential-Username": "root", "X-Credential-Identifier": "k"},
        **{"x-authenticated-userid": "root", "X-Authenticated-Groups": "admins"},
        **{"X-Anonymous-Consumer": "false", "X_Consumer_Groups": "admins"},
    }
    kept = {"X-Request-ID": "a-1", "X-Consumers": "2", "If-Match": '"x-consumer-id"'}
    received = forward({**sent, **kept})
    assert received == {name.lower(): value for name, value in kept.items()}


def test_the_embedded_gateway_removes_the_same_headers():
    prefixes = re.findall(r'"(x-[a-z-]+-)"', render.pre_function())
    names = {f"HTTP_{prefix.upper().replace('-', '_')}" for prefix in prefixes}
    assert names == set(embedded.KONGS)


def test_kong_runs_it_before_its_plugins(kong):
    config = next(each["config"] for each in kong["plugins"] if each["name"] == "pre-function")
    assert config == {"access": [FILE.read_text()]}
