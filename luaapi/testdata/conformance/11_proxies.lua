-- Surface §11: proxies and the environment.
local volley = require "volley"
require "checks"

-- Two scripted servers stand for proxies; a request that came through one has
-- an absolute target.
local one, two = "http://" .. server.addr, "http://" .. other.addr

local function through(peer) local all = peer.requests() return all[#all].target end

case("RS 11.1 the choice: scheme://host, scheme, all://host, all", function()
  local gone = "http://127.0.0.1:1"
  local tables = {
    {["http://h.test"] = one, http = gone, ["all://h.test"] = gone, all = gone},
    {["http://x.test"] = gone, http = one, ["all://h.test"] = gone, all = gone},
    {["https://h.test"] = gone, https = gone, ["all://h.test"] = one, all = gone},
    {["all://x.test"] = gone, all = one},
  }
  for i, proxies in ipairs(tables) do
    sent(volley.get("http://h.test/" .. i, {proxies = proxies}))
    eq(through(server), "http://h.test/" .. i)
  end
end)

case("RS 11.1b request and session tables merge key by key", function()
  local s = volley.session {proxies = {http = two, ["http://a.test"] = two}}
  sent(s:get("http://a.test/", {proxies = {http = one}}))
  eq(through(other), "http://a.test/", "the session's is the closer one")
  sent(s:get("http://b.test/", {proxies = {http = one}}))
  eq(through(server), "http://b.test/")
end)

case("RS 11.1c keys in any case; an unknown one is an error", function()
  sent(volley.get("http://h.test/", {proxies = {["HTTP://H.test"] = one}}))
  eq(through(server), "http://h.test/")
  raises("invalid_argument", function()
    local _, err = volley.get("http://h.test/", {proxies = {ftp = one}}):send()
    error(err)
  end, "ftp")
end)

case("RS 11.2 http: the absolute form, without fragment and userinfo", function()
  sent(volley.get("http://u:p@h.test:8080/a?b=c#frag", {proxies = {http = "http://pu:p%20w@" .. server.addr}}))
  local r = last()
  eq(r.raw:match("^[^\r]+"), "GET http://h.test:8080/a?b=c HTTP/1.1")
  eq(header(r, "Host"), "h.test:8080")
  eq(header(r, "Proxy-Authorization"), "Basic " .. volley.base64.encode("pu:p w"))
  eq(header(r, "Authorization"), "Basic " .. volley.base64.encode("u:p"))
end)

case("RS 11.2b through a real proxy, which is reused", function()
  local proxy = harness.proxy()
  local resp = sent(volley.post(server.url("/x"), {proxies = {http = proxy.url}, json = {a = 1}}))
  eq(resp.text, "/x")
  eq(last().body, '{"a":1}')
  eq(last().target, "/x")
  list(proxy.asked(), {"POST " .. server.url("/x")})
end)

case("RS 11.2c a proxy may be reached over TLS", function()
  local proxy = harness.proxy {tls = true}
  eq(sent(volley.get(server.url("/x"), {proxies = {http = proxy.url}, verify = proxy.ca})).text, "/x")
  list(proxy.asked(), {"GET " .. server.url("/x")})
  fails("proxy", volley.get(server.url("/x"), {proxies = {http = proxy.url}}):send())
end)

case("RS 11.2d without credentials a 407 to an http request is the response", function()
  local proxy = harness.proxy {authorization = "Basic eDp5"}
  eq(sent(volley.get(server.url("/x"), {proxies = {http = proxy.url}})).status_code, 407)
  eq(sent(volley.get(server.url("/x"), {proxies = {http = "http://x:y@" .. proxy.addr}})).text, "/x")
end)

case("RS 11.3 https: CONNECT with the credentials, none of them inside the tunnel", function()
  local basic = "Basic " .. volley.base64.encode("pu:pp")
  local proxy = harness.proxy {authorization = basic}
  local secure = harness.secure("good")
  local s = volley.session {proxies = {https = "http://pu:pp@" .. proxy.addr}, verify = secure.ca}
  for i = 1, 3 do eq(sent(s:get(secure.url("/" .. i))).text, "/" .. i) end
  list(proxy.asked(), {"CONNECT " .. secure.addr .. " " .. basic}, "one tunnel, reused")
  local r = secure.requests()[1]
  eq(r.target, "/1")
  eq(header(r, "Proxy-Authorization"), nil)
  eq(header(r, "Host"), secure.addr)
end)

case("RS 11.3b the certificate behind the tunnel is checked", function()
  local proxy, secure = harness.proxy(), harness.secure("wrong_host")
  fails("tls", volley.get(secure.url("/"), {proxies = {https = proxy.url}, verify = secure.ca}):send())
end)

case("RS 11.3c HTTP/2 goes through a tunnel", function()
  local proxy, h2 = harness.proxy(), harness.h2()
  eq(sent(volley.get(h2.base .. "/x", {proxies = {https = proxy.url}, verify = h2.ca})).protocol, "HTTP/2.0")
  has(proxy.asked()[1], "CONNECT ")
end)

case("RS 11.3d a refused CONNECT is kind proxy and says the status", function()
  for _, status in ipairs {"407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"} do
    server.on("", reply(status))
    local err = fails("proxy", volley.get("https://h.test/", {proxies = {https = one}}):send())
    has(err.message, status:sub(1, 3))
    eq(err.sent, "no")
  end
end)

case("RS 11.4 a proxy without scheme is an http one", function()
  sent(volley.get("http://h.test/", {proxies = {http = server.addr}}))
  eq(through(server), "http://h.test/")
  sent(volley.get("http://h.test/2", {proxies = {http = "u:p@" .. server.addr}}))
  eq(header(last(), "Proxy-Authorization"), "Basic dTpw")
end)

case("RS 11.4b a proxy without host, or of an unknown scheme, is invalid_argument", function()
  for _, url in ipairs {"http://:8080", "https://", "http:///x", "ftp://h.test:1", "http://h.test:99999"} do
    local good, err = pcall(function()
      local _, err = volley.get("http://h.test/", {proxies = {http = url}}):send()
      error(err)
    end)
    eq(good, false)
    eq(err.kind, "invalid_argument", url)
    has(err.message, url)
  end
end)

case("RS 11.4c one that cannot be reached or resolved is kind proxy, with its password masked", function()
  for _, url in ipairs {"http://u:s3cret@127.0.0.1:1", "http://u:s3cret@no-such-proxy.invalid:8080"} do
    for _, target in ipairs {"http://h.test/", "https://h.test/"} do
      local err = fails("proxy", volley.get(target, {proxies = {all = url}}):send())
      ok(err:is("connection"))
      eq(err.sent, "no")
      hasnt(tostring(err), "s3cret")
    end
  end
end)

case("RS 11.5 socks5 resolves here, socks5h at the proxy", function()
  local socks = harness.socks()
  local url = "http://localhost:" .. server.port .. "/x"
  eq(sent(volley.get(url, {proxies = {all = "socks5://" .. socks.addr}})).text, "/x")
  eq(sent(volley.get(url, {proxies = {all = "socks5h://" .. socks.addr}})).text, "/x")
  list(socks.targets(), {"127.0.0.1:" .. server.port, "localhost:" .. server.port})
  eq(last().target, "/x", "not the absolute form")
end)

case("RS 11.5b socks with user and password, and with TLS behind it", function()
  local socks, secure = harness.socks("u", "p"), harness.secure("good")
  eq(sent(volley.get(secure.url("/x"), {proxies = {all = "socks5h://u:p@" .. socks.addr}, verify = secure.ca})).text, "/x")
  local err = fails("proxy", volley.get(secure.url("/x"), {proxies = {all = "socks5h://u:wrong@" .. socks.addr}, verify = secure.ca}):send())
  hasnt(tostring(err), "wrong@")
end)

case("RS 11.5c socks4 is refused with the schemes that there are", function()
  raises("invalid_argument", function()
    local _, err = volley.get(server.url("/"), {proxies = {all = "socks4://127.0.0.1:1"}}):send()
    error(err)
  end, "not http, https, socks5 or socks5h")
end)

case("RS 11.6 the environment: lower case before upper case, http_proxy before all_proxy", function()
  harness.setenv("HTTP_PROXY", two)
  sent(volley.session():get("http://h.test/upper"))
  eq(through(other), "http://h.test/upper")
  harness.setenv("http_proxy", one)
  harness.setenv("all_proxy", two)
  sent(volley.session():get("http://h.test/lower"))
  eq(through(server), "http://h.test/lower")
  harness.setenv("HTTP_PROXY")
  harness.setenv("http_proxy")
  sent(volley.session():get("http://h.test/all"))
  eq(through(other), "http://h.test/all")
end)

case("RS 11.6b https_proxy is for https, and loopback goes through a proxy too", function()
  local proxy, secure = harness.proxy(), harness.secure("good")
  harness.setenv("https_proxy", proxy.url)
  local s = volley.session {verify = secure.ca}
  sent(s:get(secure.url("/x")))
  sent(s:get(server.url("/direct")))
  list(proxy.asked(), {"CONNECT " .. secure.addr})
  harness.setenv("http_proxy", proxy.url)
  sent(volley.session():get(server.url("/x")))
  eq(#proxy.asked(), 2)
end)

case("RS 11.6c a proxy of the environment that is none is kind proxy and says where it comes from", function()
  harness.setenv("http_proxy", "ftp://h.test:1")
  local err = fails("proxy", volley.session():get(server.url("/")):send())
  has(err.message, "environment")
end)

case("RS 11.7 no_proxy: addresses, networks, names, suffixes on a dot, ports, *", function()
  local resolve = {["h.test:80"] = other.addr, ["a.h.test:80"] = other.addr, ["xh.test:80"] = other.addr, ["h.test.evil.test:80"] = other.addr}
  local function direct(list, url, by)
    local s = volley.session {resolve = resolve, proxies = {http = one, no_proxy = list}}
    if by == "env" then
      harness.setenv("http_proxy", one)
      harness.setenv("no_proxy", list)
      s = volley.session {resolve = resolve}
    end
    local before = server.count()
    sent(s:get(url))
    return server.count() == before
  end
  local name, address = "http://h.test/", other.url("/")
  for _, by in ipairs {"table", "env"} do
    for _, good in ipairs {
      {"127.0.0.1", address}, {"127.0.0.0/8", address}, {"127.0.0.1/32", address}, {"10.0.0.0/8, 127.0.0.1 ,x", address}, {"127.0.0.1:" .. other.port, address},
      {"h.test", name}, {"H.TEST", name}, {".h.test", name}, {"test", name}, {"h.test:80", name}, {"h.test", "http://a.h.test/"}, {".h.test", "http://a.h.test/"},
      {"*", name}, {"*", address}, {" h.test , x.test", name},
    } do
      eq(direct(good[1], good[2], by), true, by .. " " .. good[1] .. " for " .. good[2])
    end
    for _, bad in ipairs {
      {"127.0.0.2", address}, {"10.0.0.0/8", address}, {"128.0.0.0/1", address}, {"127.0.0.1:1", address}, {"localhost", address},
      {"h.test", "http://xh.test/"}, {".h.test", "http://xh.test/"}, {"h.test:81", name}, {"a.h.test", name}, {"h.test", "http://h.test.evil.test/"}, {"", name},
    } do
      eq(direct(bad[1], bad[2], by), false, by .. " " .. bad[1] .. " for " .. bad[2])
    end
  end
end)

case("RS 11.7b lower case beats NO_PROXY; no_proxy in proxies beats both", function()
  harness.setenv("http_proxy", one)
  harness.setenv("NO_PROXY", "127.0.0.1")
  sent(volley.session():get(other.url("/upper")))
  eq(other.count("/upper"), 1)
  eq(server.count(), 0)
  harness.setenv("no_proxy", "x.test")
  sent(volley.session():get(other.url("/lower")))
  eq(through(server), other.url("/lower"))
  harness.setenv("no_proxy", "127.0.0.1")
  sent(volley.session {proxies = {no_proxy = "x.test"}}:get(other.url("/own")))
  eq(through(server), other.url("/own"))
  harness.setenv("no_proxy", "x.test")
  sent(volley.session():get(other.url("/direct"), {proxies = {no_proxy = "127.0.0.1"}}))
  eq(other.count("/direct"), 1)
end)

case("RS 11.8 precedence: the request's proxies, the session's, then the environment's", function()
  harness.setenv("http_proxy", "http://127.0.0.1:1")
  local s = volley.session {proxies = {http = two}}
  sent(s:get("http://h.test/session"))
  eq(through(other), "http://h.test/session")
  sent(s:get("http://h.test/request", {proxies = {http = one}}))
  eq(through(server), "http://h.test/request")
end)

case("RS 11.8b trust_env=false: the environment's proxies do not count", function()
  harness.setenv("http_proxy", "http://127.0.0.1:1")
  sent(volley.session {trust_env = false}:get(server.url("/x")))
  eq(last().target, "/x")
end)

case("RS 11.9 off for one request: false, volley.null and an empty string", function()
  harness.setenv("http_proxy", "http://127.0.0.1:1")
  local gone = volley.session()
  local set = volley.session {proxies = {http = "http://127.0.0.1:1"}}
  for _, s in ipairs {gone, set} do
    for _, off in ipairs {false, volley.null, ""} do
      sent(s:get(server.url("/x"), {proxies = {http = off}}))
      eq(last().target, "/x")
    end
    sent(s:get(server.url("/x"), {proxies = {no_proxy = "*"}}))
    fails("proxy", s:get(server.url("/x")):send())
  end
end)

case("RS 11.10 the CA bundle: REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR; empty is unset", function()
  local secure = harness.secure("good")
  local path = "/no/such/bundle.pem"
  local order = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}
  fails("tls", volley.session():get(secure.url("/")):send())
  for i, name in ipairs(order) do
    for j = 1, #order do harness.setenv(order[j], j < i and "" or j > i and path or secure.ca) end
    eq(sent(volley.session():get(secure.url("/" .. i))).text, "/" .. i, name)
  end
end)

case("RS 11.10b a folder of certificates will do", function()
  local secure = harness.secure("good")
  harness.put("certs/ca.pem", harness.slurp("ca.pem"))
  harness.setenv("SSL_CERT_DIR", dir .. "/certs")
  sent(volley.session():get(secure.url("/")))
end)

case("RS 11.10c what code says beats it, and trust_env=false leaves it out", function()
  local secure = harness.secure("good")
  harness.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
  sent(volley.session {verify = false}:get(secure.url("/")))
  sent(volley.session {verify = secure.ca}:get(secure.url("/")))
  sent(volley.session():get(secure.url("/"), {verify = false}))
  harness.setenv("REQUESTS_CA_BUNDLE", secure.ca)
  fails("tls", volley.session {trust_env = false}:get(secure.url("/")):send())
end)
