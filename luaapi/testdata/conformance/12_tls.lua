-- Surface §12: TLS.
local volley = require "volley"
require "checks"

case("RS 12.1 certificates are checked against the system's store, or verify=", function()
  local secure = harness.secure("good")
  fails("tls", volley.get(secure.url("/")):send())
  fails("tls", volley.get(secure.url("/"), {verify = true}):send())
  eq(sent(volley.get(secure.url("/x"), {verify = secure.ca})).text, "/x")
  eq(sent(volley.session {verify = secure.ca}:get(secure.url("/x"))).text, "/x")
end)

case("RS 12.1b verify= takes a folder of certificates", function()
  local secure = harness.secure("good")
  harness.put("certs/a.pem", harness.slurp("ca.pem"))
  harness.put("certs/readme.txt", "not a certificate")
  sent(volley.get(secure.url("/"), {verify = dir .. "/certs"}))
end)

case("RS 12.2 untrusted, expired, not valid yet, wrong host, self-signed: kind tls, which is a connection error", function()
  local says = {stranger = "unknown authority", expired = "expired", not_yet = "not valid before", wrong_host = "other.test", self_signed = "unknown authority"}
  for which, text in pairs(says) do
    local secure = harness.secure(which)
    local err = fails("tls", volley.get(secure.url("/"), {verify = secure.ca}):send())
    ok(err:is("connection"))
    eq(err.phase, "tls")
    eq(err.sent, "no")
    has(err.message, text, which)
    eq(secure.count(), 0)
  end
end)

case("RS 12.2b the name is the URL's, not the address that resolve= gave", function()
  local secure = harness.secure("good")
  local s = volley.session {verify = secure.ca, resolve = {["example.test:443"] = secure.addr, ["other.test:443"] = secure.addr}}
  sent(s:get("https://example.test/"))
  fails("tls", s:get("https://other.test/"):send())
end)

case("RS 12.3 paths that are not there fail the https request and say so", function()
  local secure = harness.secure("good")
  for what, opts in pairs {
    CA = {verify = dir .. "/nope.pem"}, certificate = {verify = secure.ca, cert = dir .. "/nope.pem"},
    key = {verify = secure.ca, cert = {cert = secure.cert, key = dir .. "/nope.pem"}},
  } do
    local err = fails("tls", volley.get(secure.url("/"), opts):send())
    has(err.message, dir .. "/nope.pem", what)
    eq(err.sent, "no")
  end
  eq(secure.count(), 0)
end)

case("RS 12.3b for http they are not looked at", function()
  sent(volley.get(server.url("/"), {verify = dir .. "/nope.pem", cert = dir .. "/nope.pem"}))
end)

case("RS 12.3c files that hold no certificate or key", function()
  local secure = harness.secure("good")
  local empty = harness.put("empty.pem", "nothing here")
  has(fails("tls", volley.get(secure.url("/"), {verify = empty}):send()).message, "empty.pem")
  has(fails("tls", volley.get(secure.url("/"), {verify = secure.ca, cert = {cert = empty, key = empty}}):send()).message, "empty.pem")
end)

case("RS 12.4 verify=false, in a pool of its own", function()
  local secure = harness.secure("self_signed")
  local s = volley.session()
  for _ = 1, 2 do sent(s:get(secure.url("/"), {verify = false})) end
  eq(secure.conns(), 1)
  fails("tls", s:get(secure.url("/")):send())
  fails("tls", s:get(secure.url("/"), {verify = secure.ca}):send())
  sent(s:get(secure.url("/"), {verify = false}))
  eq(secure.count(), 3)
end)

case("RS 12.4b an explicit true beats a session that does not verify", function()
  local secure = harness.secure("good")
  local s = volley.session {verify = false}
  sent(s:get(secure.url("/")))
  fails("tls", s:get(secure.url("/"), {verify = true}):send())
end)

case("RS 12.5 client certificates: two files, and one with both", function()
  local secure = harness.secure("good", true)
  local pair = {cert = secure.cert, key = secure.key}
  eq(sent(volley.get(secure.url("/x"), {verify = secure.ca, cert = pair})).text, "/x")
  eq(sent(volley.get(secure.url("/x"), {verify = false, cert = pair})).text, "/x")
  eq(sent(volley.session {verify = secure.ca, cert = pair}:get(secure.url("/x"))).text, "/x")
  local both = harness.put("both.pem", harness.slurp("cert.pem") .. harness.slurp("key.pem"))
  eq(sent(volley.get(secure.url("/x"), {verify = secure.ca, cert = both})).text, "/x")
end)

case("RS 12.5b a server that wants one refuses a client without", function()
  local secure = harness.secure("good", true)
  local err = fails("tls", volley.get(secure.url("/"), {verify = secure.ca}):send())
  has(err.message, "certificate")
  eq(secure.count(), 0)
end)

case("RS 12.5c connections of different certificates are not shared", function()
  local secure = harness.secure("good", true)
  local s = volley.session {verify = secure.ca}
  sent(s:get(secure.url("/"), {cert = {cert = secure.cert, key = secure.key}}))
  fails("tls", s:get(secure.url("/")):send())
end)

case("RS 12.6 https to http is followed, without Authorization", function()
  local secure = harness.secure("good")
  secure.on("/r", redirect(302, server.url("/to")))
  eq(sent(volley.get(secure.url("/r"), {verify = secure.ca, auth = {"u", "p"}})).text, "/to")
  ok(header(secure.requests()[1], "Authorization"))
  eq(header(last(), "Authorization"), nil)
end)
