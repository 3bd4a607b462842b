-- Twelve requests as a script; spec.yaml and spec_handlers.yaml are the same.
local base = volley.vars.base

volley.map{
  volley.get(base .. "/get", {name = "params", id = "1", params = {page = 2, q = "a b"}}),
  volley.post(base .. "/post", {name = "json", json = {age = 36, name = "ada", ratio = 1.5, tags = volley.array{}}}),
  volley.put(base .. "/put", {name = "form", data = {role = "admin & more", user = "ada"}}),
  volley.post(base .. "/post", {
    name = "multipart",
    data = {title = "a note"},
    files = {note = {filename = "note.txt", content = "text", type = "text/plain"}},
  }),
  volley.get(base .. "/headers", {
    name = "headers", headers = {{"X-B", "1"}, {"x-a", "1.10"}},
    tags = {kind = "plain"}, meta = {row = 7, list = {1, "two"}},
  }),
  volley.get(base .. "/cookies", {name = "cookies", cookies = {theme = "dark", size = 2}}),
  volley.get(base .. "/basic-auth/user/secret", {name = "auth", auth = {"user", "secret"}}),
  volley.get(base .. "/redirect/2", {name = "redirect"}),
  volley.delete(base .. "/status/201", {name = "created"}),
  volley.get("http://127.0.0.1:9/", {name = "nobody"}),
  volley.get(base .. "/delay/9", {name = "timeout", timeout = 0.2}),
  volley.head(base .. "/html", {name = "head"}),
}
