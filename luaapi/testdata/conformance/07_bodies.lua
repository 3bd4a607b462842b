-- Requests' surface §7: bodies and files.
local volley = require "volley"
require "checks"

local function wire(opts, method)
  sent(volley.request(method or "POST", server.url("/x"), opts))
  return last()
end

local function refuses(opts, ...)
  local err = raises("invalid_argument", function() volley.post(server.url("/x"), opts) end, ...)
  eq(server.conns(), 0)
  return err
end

-- parts splits a multipart body: array of {head, content}.
local function parts(r)
  local boundary = header(r, "Content-Type"):match "boundary=(.+)$"
  local body, out = r.body, {}
  local mark = "--" .. boundary
  eq(body:sub(1, #mark + 2), mark .. "\r\n")
  eq(body:sub(-#mark - 4), mark .. "--\r\n")
  body = "\r\n" .. body:sub(1, -5) .. "\r\n"
  local at = #mark + 5
  while at <= #body do
    local stop = body:find("\r\n" .. mark .. "\r\n", at, true)
    if not stop then break end
    local head, content = body:sub(at, stop - 1):match "^(.-)\r\n\r\n(.*)$"
    out[#out + 1] = {head = head, content = content}
    at = stop + #mark + 4
  end
  return out
end

local function form(files, data) return parts(wire {files = files, data = data}) end

case("B1 no data, an empty string and an empty table are no body: length 0 but for GET", function()
  for _, opts in ipairs {{}, {data = ""}, {data = {}}} do
    local r = wire(opts)
    eq(r.body, "")
    eq(header(r, "Content-Length"), "0")
    eq(header(r, "Content-Type"), nil)
    eq(header(wire(opts, "GET"), "Content-Length"), nil)
  end
end)

case("B2 a table is a form: lists repeat, null is dropped, booleans are words", function()
  local r = wire {data = {a = 1, b = {2, 3}, c = volley.null, d = true, e = false, f = "", g = {}, h = "ä ö&=+"}}
  eq(r.body, "a=1&b=2&b=3&d=true&e=false&f=&h=%C3%A4+%C3%B6%26%3D%2B")
  eq(header(r, "Content-Length"), tostring(#r.body))
end)

case("W22 a nested table is an error, not its keys", function()
  refuses({data = {a = {b = "c"}}}, '"a"')
  refuses({data = {{"a", {b = "c"}}}}, '"a"')
  refuses({data = {a = {{1}}}}, '"a"')
  refuses({params = {a = {b = "c"}}}, '"a"')
end)

case("B3 pairs keep order and repeats", function()
  eq(wire({data = {{"z", 1}, {"a", 2}, {"z", {3, 4}}, {"n", volley.null}}}).body, "z=1&a=2&z=3&z=4")
end)

case("B4 a string is its bytes, their number, and no Content-Type", function()
  local r = wire {data = "é\0\r\n\255"}
  eq(r.body, "é\0\r\n\255")
  eq(header(r, "Content-Length"), "6")
  eq(header(r, "Content-Type"), nil)
end)

case("B5 a file is streamed with its length, and read again on a 307", function()
  harness.put("f.bin", ("0123456789"):rep(20000))
  server.on("/r", redirect(307, "/to"))
  sent(volley.post(server.url("/r"), {data = volley.file "f.bin"}))
  for _, r in ipairs(server.requests()) do
    eq(header(r, "Content-Length"), "200000")
    eq(header(r, "Transfer-Encoding"), nil)
    eq(#r.body, 200000)
  end
  eq(server.count "/to", 1)
end)

case("B6 an empty file has length 0", function()
  harness.put("e.bin", "")
  local r = wire {data = volley.file "e.bin"}
  eq(header(r, "Content-Length"), "0")
  eq(header(r, "Transfer-Encoding"), nil)
  eq(r.body, "")
end)

case("B7 an iterator is sent chunked, one chunk an item; coroutines too", function()
  local r = wire {data = coroutine.wrap(function()
    for _, piece in ipairs {"one", "", "three"} do coroutine.yield(piece) end
  end)}
  has(r.raw, "\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")
end)

case("B7 an iterator that raises, or returns what is no string, fails its request", function()
  local err = fails("callback", volley.post(server.url("/x"), {data = function() error "no more" end}):send())
  has(tostring(err), "no more")
  fails("invalid_argument", volley.post(server.url("/x"), {data = function() return {} end}):send())
end)

case("B8 a GET with a body has a length and a type", function()
  local r = wire({json = {a = 1}}, "GET")
  eq(r.method, "GET")
  eq(r.body, '{"a":1}')
  eq(header(r, "Content-Length"), "7")
  eq(header(r, "Content-Type"), "application/json")
end)

case("B9 data wins over json, unless it is empty", function()
  eq(wire({data = {k = 1}, json = {a = 1}}).body, "k=1")
  eq(wire({data = {}, json = {a = 1}}).body, '{"a":1}')
  eq(wire({data = "", json = {a = 1}}).body, '{"a":1}')
end)

case("B10 a streamed body and files exclude each other", function()
  harness.put("f.bin", "x")
  refuses({data = function() end, files = {f = "x"}}, "files exclude each other")
  refuses({data = volley.file "f.bin", files = {f = "x"}}, "files exclude each other")
end)

case("B11 data that goes with files must be a table", function() refuses({data = "text", files = {f = "x"}}, "must be a table") end)

case("B12 what is no body raises where it is written", function()
  refuses({data = true}, '"data"')
  refuses({data = {"a"}}, '"data"', "pair")
  refuses({data = {{"a", "b"}, "c"}}, '"data"', "item 2")
  refuses({data = volley}, '"data"')
  refuses({files = {"x"}}, '"files"')
  refuses({data = coroutine.create(function() end)}, '"data"')
  refuses({files = {f = print}}, '"files"')
  refuses({files = {f = {contents = "x"}}}, '"files"', "contents")
end)

case("F1 a string is a file named after its key, without a type", function()
  local p = form {f = "con\r\ntent\0"}
  eq(p[1].head, 'Content-Disposition: form-data; name="f"; filename="f"')
  eq(p[1].content, "con\r\ntent\0")
end)

case("F2 a filename of its own", function()
  eq(form({f = {filename = "n.txt", content = "c"}})[1].head, 'Content-Disposition: form-data; name="f"; filename="n.txt"')
end)

case("F3 a type is a Content-Type of the part", function()
  eq(form({f = {filename = "n.txt", content = "c", type = "text/plain"}})[1].head,
    'Content-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/plain')
end)

case("F4 headers of the part follow its Content-Type", function()
  local p = form {f = {filename = "n", content = "c", type = "a/b", headers = {{"X-Two", "2"}, {"X-One", "1"}}}}
  eq(p[1].head, 'Content-Disposition: form-data; name="f"; filename="n"\r\nContent-Type: a/b\r\nX-Two: 2\r\nX-One: 1')
end)

case("F4 a part's header that could not go out fails the request unsent", function()
  for _, headers in ipairs {{["X-A"] = "a\r\nb"}, {["X A"] = "1"}} do
    fails("invalid_argument", volley.post(server.url("/x"), {files = {f = {content = "c", headers = headers}}}):send())
  end
  fails("invalid_argument", volley.post(server.url("/x"), {files = {f = {content = "c", type = "a/b\r\nX: 1"}}}):send())
  eq(server.conns(), 0)
end)

case("F5 filename=false makes an ordinary field", function()
  eq(form({f = {filename = false, content = "c"}})[1].head, 'Content-Disposition: form-data; name="f"')
end)

case("F6 an empty filename is sent empty", function()
  eq(form({f = {filename = "", content = "c"}})[1].head, 'Content-Disposition: form-data; name="f"; filename=""')
end)

case("F7 a file goes under the last part of its path, or the name it is given", function()
  harness.put("deep/er/pic.png", "PNG")
  local p = form {f = volley.file "deep/er/pic.png"}
  eq(p[1].head, 'Content-Disposition: form-data; name="f"; filename="pic.png"')
  eq(p[1].content, "PNG")
  p = form {f = volley.file("deep/er/pic.png", {filename = "other.png", type = "image/png"})}
  eq(p[1].head, 'Content-Disposition: form-data; name="f"; filename="other.png"\r\nContent-Type: image/png')
  p = form {f = {filename = "third.png", content = volley.file "deep/er/pic.png"}}
  eq(p[1].head, 'Content-Disposition: form-data; name="f"; filename="third.png"')
  eq(p[1].content, "PNG")
end)

case("F8 null skips a file, a number is its digits", function()
  local p = form({f = volley.null, n = 1})
  eq(#p, 1)
  eq(p[1].head, 'Content-Disposition: form-data; name="n"; filename="n"')
  eq(p[1].content, "1")
end)

case("F9 fields come before files, in order; lists repeat, null is dropped, values are text", function()
  local p = form({{"f", "1"}, {"g", "2"}, {"f", "3"}}, {{"k", {"a", "b"}}, {"gone", volley.null}, {"n", 7}, {"t", true}})
  local got = {}
  for i, part in ipairs(p) do got[i] = part.head:match 'name="(.-)"' .. "=" .. part.content end
  list(got, {"k=a", "k=b", "n=7", "t=true", "f=1", "g=2", "f=3"})
  p = form({b = "2", a = "1"}, {d = "4", c = "3"})
  got = {}
  for i, part in ipairs(p) do got[i] = part.content end
  list(got, {"3", "4", "1", "2"}, "plain tables are sorted")
end)

case("F9, B2 another server reads forms as they were meant", function()
  local base = volley.httpbin()
  local read = sent(volley.post(base .. "/post", {data = {a = 1, b = {"x y", "é&="}}})):json()
  eq(read.form.a[1], "1")
  list(read.form.b, {"x y", "é&="})
  harness.put("f.txt", "from a file")
  read = sent(volley.post(base .. "/post", {
    data = {k = {"1", "2"}},
    files = {{"f", volley.file "f.txt"}, {"f", {filename = "b.txt", content = "in hand", type = "text/plain"}}, {"p", {filename = false, content = "plain"}}},
  })):json()
  list(read.form.k, {"1", "2"})
  eq(read.form.p[1], "plain")
  list(read.files.f, {"from a file", "in hand"})
end)

case("F10 names and filenames are UTF-8 in quotes; quotes and line breaks are escaped", function()
  local p = form {{"näme", {filename = "dátei.txt", content = "c"}}, {'a"b\\c\r\nd', {filename = 'x"y\\z\r\n', content = "c"}}}
  eq(p[1].head, 'Content-Disposition: form-data; name="näme"; filename="dátei.txt"')
  eq(p[2].head, 'Content-Disposition: form-data; name="a%22b\\c%0D%0Ad"; filename="x%22y\\z%0D%0A"')
end)

case("F11 the length of a form is known when its parts' are", function()
  harness.put("f.bin", ("x"):rep(300000))
  local r = wire {files = {f = volley.file "f.bin", g = "text"}, data = {k = "v"}}
  eq(header(r, "Content-Length"), tostring(#r.body))
  eq(header(r, "Transfer-Encoding"), nil)
  ok(#r.body > 300000)
end)

case("W23 a form is put together while it is sent, not before", function()
  local up = harness.upload()
  harness.put("1.bin", ("x"):rep(24 * 1024 * 1024))
  harness.put("2.bin", "before the send")
  local task = volley.send(volley.post(up.url, {
    files = {{"first", volley.file "1.bin"}, {"second", volley.file "2.bin"}},
  }))
  wait_until(up.begun, "the upload")
  harness.put("2.bin", "in the meantime")
  up.release()
  local resp, err = task:get()
  ok(resp, tostring(err))
  has(resp.text, "in the meantime")
  hasnt(resp.text, "before the send")
end)

case("F12 no files at all leave the body to data", function()
  local r = wire {files = {}, data = {a = 1}}
  eq(r.body, "a=1")
  eq(header(r, "Content-Type"), "application/x-www-form-urlencoded")
  eq(wire({files = {}}).body, "")
  eq(wire({files = {}, json = {a = 1}}).body, '{"a":1}')
  eq(wire({files = {}, data = "text"}).body, "text")
end)
