-- A session keeps cookies, headers and credentials for its requests; others see none of them.
local volley = require "volley"
local s = volley.session{base_url = volley.httpbin(), headers = {["X-App"] = "demo"}, timeout = 5}

s:get("/cookies/set", {params = {flavour = "oat"}}):send() -- sets one, and redirects
s.cookies:set("theme", "dark", {domain = "127.0.0.1"})

local seen = s:get("/cookies"):send():json()
for name, value in pairs(s.cookies:to_table()) do print(name, value, "sent: " .. tostring(seen.cookies[name])) end
print("header", s:get("/headers"):send():json().headers["X-App"][1])

s.auth = {"ada", "secret"}
print("auth", s:get("/basic-auth/ada/secret"):send().status_code)

local other = volley.get(volley.httpbin() .. "/cookies"):send():json()
print("without the session", next(other.cookies))
