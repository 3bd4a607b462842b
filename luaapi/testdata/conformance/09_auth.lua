-- Surface §9: credentials.
local volley = require "volley"
require "checks"

local function basic(user, password) return "Basic " .. volley.base64.encode(user .. ":" .. password) end

-- authorization is what the server got for the last request.
local function authorization() return header(last(), "Authorization") end

local function with_userinfo(userinfo) return "http://" .. userinfo .. "@" .. server.addr .. "/" end

case("RS 9.1 precedence: auth=, the session's auth, an Authorization header, netrc, the URL's userinfo", {netrc = "machine 127.0.0.1 login n password n"}, function()
  local s = volley.session {netrc = true, auth = {"s", "s"}}
  local own = {Authorization = "Bearer h"}
  sent(s:get(with_userinfo "u:u", {auth = {"r", "r"}, headers = own}))
  eq(authorization(), basic("r", "r"))
  sent(s:get(with_userinfo "u:u", {headers = own}))
  eq(authorization(), basic("s", "s"))
  s.auth = nil
  sent(s:get(with_userinfo "u:u", {headers = own}))
  eq(authorization(), "Bearer h")
  sent(s:get(with_userinfo "u:u"))
  eq(authorization(), basic("n", "n"))
  s.netrc = false
  sent(s:get(with_userinfo "u:u"))
  eq(authorization(), basic("u", "u"))
end)

case("RS 9.1b auth=false switches all of it off, a header by hand excepted", {netrc = "default login n password n"}, function()
  local s = volley.session {netrc = true, auth = {"s", "s"}}
  sent(s:get(with_userinfo "u:u", {auth = false}))
  eq(authorization(), nil)
  sent(s:get(server.url("/"), {auth = false, headers = {Authorization = "Bearer h"}}))
  eq(authorization(), "Bearer h")
end)

case("RS 9.2 Basic: {user, password}, volley.auth.basic; numbers by tostring; a colon is nobody's business", function()
  sent(volley.get(server.url("/"), {auth = {"u", "p"}}))
  eq(authorization(), basic("u", "p"))
  sent(volley.get(server.url("/"), {auth = volley.auth.basic("a:b", "c:d")}))
  eq(authorization(), basic("a:b", "c:d"))
  sent(volley.get(server.url("/"), {auth = {1, 2}}))
  eq(authorization(), basic("1", "2"))
  raises("invalid_argument", function() volley.get(server.url("/"), {auth = {"u"}}) end, "auth")
end)

case("W28 Basic is UTF-8, whatever the letters", function()
  for _, name in ipairs {"ü", "тест", "\240\159\152\128"} do
    sent(volley.get(server.url("/"), {auth = {name, "é"}}))
    eq(authorization(), basic(name, "é"))
  end
  sent(volley.get(with_userinfo "%C3%BC:%C3%A9"))
  eq(authorization(), basic("ü", "é"))
end)

case("RS 9.3 userinfo is percent-decoded and never in the request line", function()
  for userinfo, want in pairs {["u:p"] = "u:p", ["u%40h:p%3Aq%20r"] = "u@h:p:q r", ["u:"] = "u:", [":p"] = ":p", ["u:p:q"] = "u:p:q", ["u:a@b"] = "u:a@b"} do
    local resp = sent(volley.get(with_userinfo(userinfo)))
    eq(authorization(), "Basic " .. volley.base64.encode(want), userinfo)
    eq(last().target, "/")
    hasnt(resp.url, "@", "W17")
    hasnt(resp.request.url, "@")
  end
end)

case("RS 9.3b a name without a password is no login", function()
  sent(volley.get(with_userinfo "u"))
  eq(authorization(), nil)
end)

case("RS 9.4 netrc: the entry of the host, else default; ports do not matter", {netrc = "machine localhost login l password lp\ndefault login d password dp\n"}, function()
  local s = volley.session {netrc = true}
  sent(s:get("http://localhost:" .. server.port .. "/"))
  eq(authorization(), basic("l", "lp"))
  sent(s:get(server.url("/")))
  eq(authorization(), basic("d", "dp"))
end)

case("RS 9.4b netrc: comments, macros, unknown words and broken ends are passed over", {netrc = [[
# a comment
machine 127.0.0.1 account x login "me" password "p w" # the rest
macdef init
machine localhost login no password no

machine localhost
  login l
  password #hash
machine broken login]]}, function()
  local s = volley.session {netrc = true}
  sent(s:get(server.url("/")))
  eq(authorization(), basic("me", "p w"))
  sent(s:get("http://localhost:" .. server.port .. "/"))
  eq(authorization(), basic("l", "#hash"))
end)

case("RS 9.4c netrc: an entry without login and password is none", {netrc = "machine 127.0.0.1\nmachine localhost login l password p"}, function()
  sent(volley.session {netrc = true}:get(server.url("/")))
  eq(authorization(), nil)
end)

case("RS 9.4d netrc: the host is the one that is asked, whatever stands before an @", {netrc = "machine example.test login n password n"}, function()
  local s = volley.session {netrc = true}
  sent(s:get("http://example.test:@" .. server.addr .. "/"))
  ok(authorization() ~= basic("n", "n"), authorization())
  sent(s:get("http://example.test@" .. server.addr .. "/"))
  eq(authorization(), nil)
end)

case("RS 9.4e netrc does not follow a redirect to another origin, nor log in there", {netrc = "default login d password d"}, function()
  server.on("/r", redirect(302, other.url("/to")))
  sent(volley.session {netrc = true}:get(server.url("/r")))
  eq(authorization(), basic("d", "d"))
  eq(header(other.requests()[1], "Authorization"), nil)
end)

case("W27 netrc is asked for only with netrc=true, and an explicit header beats it", {netrc = "default login n password n"}, function()
  sent(volley.get(server.url("/")))
  eq(authorization(), nil)
  sent(volley.session():get(server.url("/")))
  eq(authorization(), nil)
  local s = volley.session {netrc = true}
  sent(s:get(server.url("/"), {headers = {authorization = "Bearer h"}}))
  eq(authorization(), "Bearer h")
  s.headers = {Authorization = "Bearer s"}
  sent(s:get(server.url("/")))
  eq(authorization(), "Bearer s")
end)

case("RS 9.5 a function may change headers, url and body; Content-Length follows", function()
  local function sign(req)
    req.headers["X-Signed"] = "yes"
    req.body = "a new body"
    req.url = req.url .. "?signed=1"
  end
  local resp = sent(volley.post(server.url("/x"), {data = "old", auth = sign}))
  local r = last()
  eq(header(r, "X-Signed"), "yes")
  eq(r.body, "a new body")
  eq(header(r, "Content-Length"), "10")
  eq(r.target, "/x?signed=1")
  eq(resp.request.headers["X-Signed"], "yes")
end)

case("RS 9.5b a function runs for each hop of its origin, and sees what is sent", function()
  server.on("/r", redirect(307, "/to"))
  server.on("/to", redirect(307, other.url("/away")))
  local seen = {}
  local function sign(req) seen[#seen + 1] = req.method .. req.url .. req.body .. req.headers["Accept"] end
  sent(volley.post(server.url("/r"), {data = "b", auth = sign}))
  list(seen, {"POST" .. server.url("/r") .. "b*/*", "POST" .. server.url("/to") .. "b*/*"})
end)

case("RS 9.5c one that raises fails the request; one may wait", function()
  local err = fails("callback", volley.get(server.url("/"), {auth = function() error("no key") end}):send())
  has(err.message, "no key")
  eq(server.count(), 0)
  sent(volley.get(server.url("/x"), {auth = function(req)
    req.headers["X-Token"] = sent(volley.get(other.url("/token"))).text
  end}))
  eq(header(last(), "X-Token"), "/token")
end)

case("RS 9.6 HTTPProxyAuth: userinfo of the proxy's URL, or the header by hand", function()
  local through = {proxies = {http = "http://u:p@" .. server.addr}}
  sent(volley.get("http://h.test/", through))
  eq(header(last(), "Proxy-Authorization"), basic("u", "p"))
  sent(volley.get("http://h.test/", {proxies = {http = "http://" .. server.addr}, headers = {["Proxy-Authorization"] = basic("a", "b")}}))
  eq(header(last(), "Proxy-Authorization"), basic("a", "b"))
end)
