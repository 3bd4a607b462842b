---@meta volley

---Also a global in scripts.
---@class volley
---@field null userdata JSON's null, and the value that takes a header or parameter out. It is truthy; compare with ==.
---@field vars volley.Mapping What --var and --vars set: `volley.vars.NAME` is a string or nil.
---@field env volley.Mapping The environment: `volley.env.NAME` is a string or nil. Needs --allow-env NAME, or --env-file; `pairs` lists the latter.
---@field args string[] What stands behind -- on the command line.
---@field codes table<string, integer> Status codes by the names requests has: `volley.codes.not_found`.
---@field version string Of volley.
volley = {}

---Builds a GET request. Nothing is sent.
---```lua
---local req = volley.get(base .. "/anything", {headers = {["X-A"] = 1}})
---assert(req.method == "GET" and req.headers["x-a"] == "1")
---```
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.get(url, opts) end

---Builds an OPTIONS request. Nothing is sent.
---```lua
---local req = volley.options(base .. "/anything", {headers = {["X-A"] = 1}})
---assert(req.method == "OPTIONS" and req.headers["x-a"] == "1")
---```
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.options(url, opts) end

---Builds a HEAD request. Nothing is sent.
---```lua
---local req = volley.head(base .. "/anything", {headers = {["X-A"] = 1}})
---assert(req.method == "HEAD" and req.headers["x-a"] == "1")
---```
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.head(url, opts) end

---Builds a POST request. Nothing is sent.
---```lua
---local req = volley.post(base .. "/anything", {headers = {["X-A"] = 1}})
---assert(req.method == "POST" and req.headers["x-a"] == "1")
---```
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.post(url, opts) end

---Builds a PUT request. Nothing is sent.
---```lua
---local req = volley.put(base .. "/anything", {headers = {["X-A"] = 1}})
---assert(req.method == "PUT" and req.headers["x-a"] == "1")
---```
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.put(url, opts) end

---Builds a PATCH request. Nothing is sent.
---```lua
---local req = volley.patch(base .. "/anything", {headers = {["X-A"] = 1}})
---assert(req.method == "PATCH" and req.headers["x-a"] == "1")
---```
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.patch(url, opts) end

---Builds a DELETE request. Nothing is sent.
---```lua
---local req = volley.delete(base .. "/anything", {headers = {["X-A"] = 1}})
---assert(req.method == "DELETE" and req.headers["x-a"] == "1")
---```
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.delete(url, opts) end

---Builds a request with any method. Nothing is sent.
---```lua
---local req = volley.request("PROPFIND", base .. "/anything")
---assert(req.method == "PROPFIND")
---```
---@param method string Any token; upper-cased.
---@param url string As for `volley.get`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function volley.request(method, url, opts) end

---Sends all of them, `size` at a time, and returns the results in input order, without holes: a failed slot holds what its exception handler returned, or false. The second table holds every failure by index; `results.n` is the count.
---```lua
---local results, errors = volley.map({base .. "/get", base .. "/status/404", "http://127.0.0.1:1/"})
---assert(results[1].ok and results[2].status_code == 404 and results[3] == false)
---assert(results.n == 3 and errors[3].kind == "connect")
---```
---@param requests table|function A list, an iterator or a generator of Requests; a string stands for a GET.
---@param opts? volley.BatchOptions See BatchOptions.
---@return table
---@return table<integer, volley.Error>
function volley.map(requests, opts) end

---Iterates over `resp, req` as they complete; nothing is sent before the first step. A failed request yields what its exception handler returned, or is passed over.
---```lua
---local function pages()
---  for i = 1, 5 do coroutine.yield(volley.get(base .. "/get", {params = {page = i}})) end
---end
---local n = 0
---for resp in volley.imap(coroutine.wrap(pages), {size = 2}) do n = n + 1 end
---assert(n == 5)
---```
---@param requests table|function A list, an iterator or a generator of Requests; a string stands for a GET.
---@param opts? volley.BatchOptions See BatchOptions.
---@return fun(): volley.Response, volley.Request
function volley.imap(requests, opts) end

---Iterates over `index, response or handler's value or false, req, err`; nothing is passed over.
---```lua
---for i, resp, req, err in volley.imap_enumerated({base .. "/get", "http://127.0.0.1:1/"}) do
---  assert(resp or err.kind == "connect")
---end
---```
---@param requests table|function A list, an iterator or a generator of Requests; a string stands for a GET.
---@param opts? volley.BatchOptions See BatchOptions.
---@return fun(): integer, any, volley.Request, volley.Error?
function volley.imap_enumerated(requests, opts) end

---Starts a green thread. The run ends when all have ended.
---```lua
---local t = volley.spawn(function() return volley.get(base .. "/get"):send().status_code end)
---assert(t:get() == 200)
---```
---@param fn function Runs in a green thread of its own.
---@param ... any Its arguments.
---@return volley.Task
function volley.spawn(fn, ...) end

---Sends a request in a green thread of its own; the task's result is the response, or nil and the error.
---```lua
---local t = volley.send(volley.get(base .. "/get"))
---assert(t:get().ok)
---```
---@param req volley.Request
---@param pool? volley.Pool Blocks while it is full.
---@return volley.Task
function volley.send(req, pool) end

---Pauses this green thread; the others go on.
---```lua
---volley.sleep(0.01)
---```
---@param seconds number
function volley.sleep(seconds) end

---Calls fn and returns its results; when it takes longer it is stopped, even in a busy loop: nil and kind `total_timeout`.
---```lua
---local v, err = volley.timeout(0.05, volley.sleep, 10)
---assert(v == nil and err.kind == "total_timeout")
---```
---@param seconds number
---@param fn function
---@param ... any Its arguments.
---@return any
function volley.timeout(seconds, fn, ...) end

---Waits for all of them; whether all ended in time.
---```lua
---assert(volley.joinall{volley.spawn(volley.sleep, 0.01), volley.spawn(volley.sleep, 0.02)})
---```
---@param tasks volley.Task[]
---@param opts? table {timeout = seconds}
---@return boolean
function volley.joinall(tasks, opts) end

---Settings and cookies shared by its requests.
---```lua
---local s = volley.session{base_url = base, headers = {["X-Team"] = "a"}}
---assert(s:get("/headers"):send():json().headers["X-Team"][1] == "a")
---```
---@param opts? volley.SessionOptions See SessionOptions.
---@return volley.Session
function volley.session(opts) end

---A pool of green threads.
---```lua
---assert(volley.pool(3).size == 3)
---```
---@param n integer How many run at once.
---@return volley.Pool
function volley.pool(n) end

---A queue between green threads.
---```lua
---local q = volley.queue(2)
---q:put(1)
---assert(#q == 1)
---```
---@param max? integer Values it holds before put blocks; none: any number.
---@return volley.Queue
function volley.queue(max) end

---Starts the built-in go-httpbin on loopback, once, and returns its URL.
---```lua
---assert(volley.get(volley.httpbin() .. "/get"):send().ok)
---```
---@return string
function volley.httpbin() end

---Ends the run at once with that exit code: what is in flight is cancelled, outputs are flushed. It cannot be caught.
---@param code? integer Default 0.
function volley.exit(code) end

---Calls each predicate with resp, sorted by name, and returns whether all of them returned a true value. Each is counted under its name, and the summary tells how often it held. One that raises did not hold; its error is logged once. A check does not touch the exit code: thresholds do.
---```lua
---local resp = volley.get(base .. "/get"):send()
---assert(volley.check(resp, {["status is 200"] = function(r) return r.status_code == 200 end}))
---assert(not volley.check(nil, {answered = function(r) return r ~= nil end}))
---```
---@param resp any A Response, or any other value.
---@param predicates table<string, fun(resp: any): any> {name = predicate, …}
---@return boolean
function volley.check(resp, predicates) end

---Counts a sample of something of your own. The summary tells how many there were, their least, mean and largest, and percentiles within 1%.
---```lua
---volley.metric("items per page", 25)
---```
---@param name string What the summary calls it.
---@param number number A sample.
function volley.metric(name, number) end

---Says what the whole run must show at its end, or its exit code is 5. A condition is `<`, `<=`, `>` or `>=` and a value. Names: `p50`, `p95`, `p99.9` and other percentiles, `max` and `avg` are latencies, `"<800ms"`; `error_rate`, the failed requests, `"<1%"`; `rps`, requests per second, `">100"`; `checks`, those that held, or those of one name, `["check:name"]`, `">99%"`; `["metric:name"]`, the mean, `"<5"`, or another statistic before the comparison, `"p95<5"`: percentiles, `min`, `max`, `avg`, `count`. What nothing was measured of is broken. Several calls add up.
---```lua
---volley.thresholds{p95 = "<800ms", error_rate = "<1%", ["check:status is 200"] = ">99%", ["metric:items per page"] = "p95<100"}
---local ok, err = pcall(volley.thresholds, {eror_rate = "<1%"})
---assert(not ok and err.message:find('did you mean "error_rate"?', 1, true))
---```
---@param wanted table<string, string> {name = condition, …}
function volley.thresholds(wanted) end

---Writes a record of your own to the outputs of the run. Raises when there are none, and for what is no JSON, with kind `json`.
---```lua
---volley.emit({url = base, links = 3})
---```
---@param row any Plain: a table of names and values, mostly.
function volley.emit(row) end

---Names a file to send. It must be there; it is opened when the request is sent.
---```lua
---volley.write("note.txt", "hello")
---local req = volley.post(base .. "/post", {files = {note = volley.file("note.txt", {type = "text/plain"})}})
---assert(req:send():json().files.note[1] == "hello")
---```
---@param path string A relative path starts at the working directory.
---@param opts? {type?: string, filename?: string} Its content type, and its name in forms (default: the path's last part).
---@return volley.File
function volley.file(path, opts) end

---An iterator of a file's lines, without their ends (`\n`, `\r\n`), and their numbers. However long the file is, it holds one line, of at most 64 MiB. A byte order mark is skipped. The file is closed at its end or with the task.
---```lua
---volley.write("urls.txt", "a\nb\r\nc")
---local got = {}
---for line in volley.lines("urls.txt") do got[#got + 1] = line end
---assert(table.concat(got, ",") == "a,b,c")
---```
---@param path string A relative path starts at the working directory.
---@return fun(): string?, integer?
function volley.lines(path) end

---The paths that match and may be read, sorted.
---```lua
---for _, path in ipairs(volley.glob("data/**/*.json")) do print(path) end
---```
---@param pattern string `*`, `?`, `[a-z]`, `{a,b}`, and `**` for any folders.
---@return string[]
function volley.glob(pattern) end

---Writes a file, all or nothing: until it is complete the old one stays. Needs --allow-write.
---```lua
---volley.write("out.txt", "done\n")
---```
---@param path string A relative path starts at the working directory.
---@param s string The whole content.
function volley.write(path, s) end

---Adds to a file, or begins it. Needs --allow-write.
---```lua
---volley.append("log.txt", "one\n")
---volley.append("log.txt", "two\n")
---```
---@param path string A relative path starts at the working directory.
---@param s string What goes to the end, in one write.
function volley.append(path, s) end

---A random UUID (version 4).
---```lua
---assert(#volley.uuid() == 36 and volley.uuid() ~= volley.uuid())
---```
---@return string
function volley.uuid() end

---Marks a table as a list and returns it: an empty one is written as [] in JSON, not {}.
---```lua
---assert(volley.json.encode(volley.array{}) == "[]")
---```
---@param t? table A list; default a new one.
---@return table
function volley.array(t) end

---A Response that no server gave, to take a failed slot.
---```lua
---local r = volley.response{status_code = 444, body = "none"}
---assert(r.status_code == 444 and r.text == "none" and not r.ok)
---```
---@param opts? volley.ResponseOptions {status_code=, body=, headers=, reason=, url=}
---@return volley.Response
function volley.response(opts) end

---Credentials for the `auth` option.
---@class volley.auth
volley.auth = {}

---User and password (RFC 7617); `{user, password}` says the same.
---```lua
---assert(volley.get(base .. "/basic-auth/u/p", {auth = volley.auth.basic("u", "p")}):send().ok)
---```
---@param user string
---@param password string
---@return volley.Auth
function volley.auth.basic(user, password) end

---A token (RFC 6750).
---```lua
---assert(volley.get(base .. "/bearer", {auth = volley.auth.bearer("t")}):send().ok)
---```
---@param token string
---@return volley.Auth
function volley.auth.bearer(token) end

---Answers Digest challenges (RFC 7616): MD5, SHA-256 and SHA-512-256, each with -sess, auth and auth-int. The first request to an origin is challenged and sent again; those after it are answered ahead as long as the object is kept.
---```lua
---local s = volley.session{auth = volley.auth.digest("u", "p")}
---assert(s:get(base .. "/digest-auth/auth/u/p/SHA-256"):send().ok)
---```
---@param user string
---@param password string
---@return volley.Auth
function volley.auth.digest(user, password) end

---Signs each request as AWS expects (Signature Version 4): method, URL, headers and body as they go out.
---```lua
---local auth = volley.auth.aws_sigv4{access_key = "AK", secret_key = "secret", region = "eu-central-1", service = "s3"}
---local sent = volley.get(base .. "/headers", {auth = auth}):send():json().headers
---assert(sent.Authorization[1]:find("AWS4-HMAC-SHA256 Credential=AK/", 1, true) == 1)
---```
---@param opts volley.SigV4Options
---@return volley.Auth
function volley.auth.aws_sigv4(opts) end

---Fetches a token with client credentials (RFC 6749 section 4.4) and sends it. Requests share the token; it is fetched again shortly before it expires, and once when a server refuses it with 401, after which that request is sent once more.
---```lua
---local auth = volley.auth.oauth2{token_url = base .. "/token", client_id = "me", client_secret = "secret", scopes = {"read"}}
---local resp, err = volley.get(base .. "/get", {auth = auth}):send()
---assert(resp == nil and err.kind == "http")   -- this server issues no tokens
---```
---@param opts volley.OAuth2Options
---@return volley.Auth
function volley.auth.oauth2(opts) end

---JSON as RFC 8259 has it. `null` is `volley.null`; a list that was empty stays one.
---@class volley.json
volley.json = {}

---Writes JSON, keys sorted. `{}` is an object, `volley.array{}` a list. NaN, infinities, holes, mixed keys, functions, cycles and text that is not UTF-8 raise kind `json` with the path to them.
---```lua
---assert(volley.json.encode{b = {1, 2}, a = volley.null, c = volley.array{}} == '{"a":null,"b":[1,2],"c":[]}')
---local ok, err = pcall(volley.json.encode, {a = {1, 0/0}})
---assert(not ok and err.kind == "json" and err.message:find("$.a[2]", 1, true))
---```
---@param value any Plain values; a table is a list when its keys are 1 … n, else an object.
---@return string
function volley.json.encode(value) end

---Reads one JSON document; of a repeated key the last wins. Raises kind `json` with line, column and what stands there.
---```lua
---local v = volley.json.decode('{"id": 12345678901234567890, "none": null}', {bigint = "string"})
---assert(v.id == "12345678901234567890" and v.none == volley.null)
---```
---@param s string UTF-8, or UTF-16 and UTF-32 by their zeros.
---@param opts? {bigint?: "string"} bigint = "string" keeps integers beyond 2^53 as strings.
---@return any
function volley.json.decode(s, opts) end

---URLs taken apart and put together (RFC 3986).
---@class volley.url
volley.url = {}

---Takes a URL apart: a table with what is there of `scheme user password host port path query params fragment`. `port` is a number, `params` the decoded query by name (a repeated name has a list), the rest is as written. Raises kind `invalid_url`.
---```lua
---local u = volley.url.parse("https://example.com:8443/a%20b?q=1&q=2&x=y#top")
---assert(u.host == "example.com" and u.port == 8443 and u.path == "/a%20b" and u.fragment == "top")
---assert(u.params.q[2] == "2" and u.params.x == "y")
---```
---@param url string Absolute or relative.
---@return table
function volley.url.parse(url) end

---Puts a URL together. What a part may not hold is escaped; escapes that are there stay.
---```lua
---local url = volley.url.build{scheme = "https", host = "example.com", path = "/a b", params = {q = "1&2"}}
---assert(url == "https://example.com/a%20b?q=1%262")
---```
---@param parts table As `parse` returns them; `params` beats `query`, pairs keep their order.
---@return string
function volley.url.build(parts) end

---Resolves a reference against a base, as a browser does with a link.
---```lua
---assert(volley.url.join("https://example.com/a/b", "../c?d=1") == "https://example.com/c?d=1")
---```
---@param base string An absolute URL.
---@param ref string Absolute or relative.
---@return string
function volley.url.join(base, ref) end

---Escapes a string for a path or, with safe = "", for any part of a URL.
---```lua
---assert(volley.url.quote("a b/c") == "a%20b/c" and volley.url.quote("a/b", "") == "a%2Fb")
---```
---@param s string Any bytes.
---@param safe? string Characters to leave alone besides letters, digits and "-._~"; default "/".
---@return string
function volley.url.quote(s, safe) end

---Undoes the escapes; a percent sign that begins none stays.
---```lua
---assert(volley.url.unquote("a%20b%2Fc 100%") == "a b/c 100%")
---```
---@param s string A part of a URL.
---@return string
function volley.url.unquote(s) end

---Base64 (RFC 4648).
---@class volley.base64
volley.base64 = {}

---Encodes with padding, or for URLs without.
---```lua
---assert(volley.base64.encode("hi?>") == "aGk/Pg==" and volley.base64.encode("hi?>", "url") == "aGk_Pg")
---```
---@param s string Any bytes.
---@param alphabet? "url" "url": the alphabet of URLs and tokens, without padding.
---@return string
function volley.base64.encode(s, alphabet) end

---Decodes; raises kind `invalid_argument` for what is no base64.
---```lua
---assert(volley.base64.decode("aGk/Pg==") == "hi?>" and volley.base64.decode("aGk_Pg") == "hi?>")
---```
---@param s string Either alphabet, padded or not; line breaks do not count.
---@return string
function volley.base64.decode(s) end

---Digests and message authentication codes.
---@class volley.hash
volley.hash = {}

---The MD5 digest of `s`.
---```lua
---assert(volley.hash.md5("abc") == "900150983cd24fb0d6963f7d28e17f72")
---```
---@param s string Any bytes.
---@param encoding? "hex"|"base64"|"raw" Of the result: "hex" (lower case, the default), "base64" or "raw" bytes.
---@return string
function volley.hash.md5(s, encoding) end

---The SHA1 digest of `s`.
---```lua
---assert(volley.hash.sha1("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
---```
---@param s string Any bytes.
---@param encoding? "hex"|"base64"|"raw" Of the result: "hex" (lower case, the default), "base64" or "raw" bytes.
---@return string
function volley.hash.sha1(s, encoding) end

---The SHA256 digest of `s`.
---```lua
---assert(volley.hash.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
---```
---@param s string Any bytes.
---@param encoding? "hex"|"base64"|"raw" Of the result: "hex" (lower case, the default), "base64" or "raw" bytes.
---@return string
function volley.hash.sha256(s, encoding) end

---The SHA512 digest of `s`.
---```lua
---assert(volley.hash.sha512("abc") == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
---```
---@param s string Any bytes.
---@param encoding? "hex"|"base64"|"raw" Of the result: "hex" (lower case, the default), "base64" or "raw" bytes.
---@return string
function volley.hash.sha512(s, encoding) end

---The HMAC (RFC 2104) of `s`.
---```lua
---assert(volley.hash.hmac("sha256", "key", "message") == "6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a")
---```
---@param algorithm "md5"|"sha1"|"sha256"|"sha512" The digest below.
---@param key string The secret.
---@param s string What is signed.
---@param encoding? "hex"|"base64"|"raw" Of the result: "hex" (lower case, the default), "base64" or "raw" bytes.
---@return string
function volley.hash.hmac(algorithm, key, s, encoding) end

---Regular expressions (RE2: time linear in the text, no backreferences). Strings are bytes; UTF-8 is understood.
---@class volley.re
volley.re = {}

---The captures of the first match, or the whole match when the pattern has no groups; nil when nothing matches. A group that took no part is nil.
---```lua
---local year, month = volley.re.match([[(\d+)-(\d+)]], "on 2024-05-01")
---assert(year == "2024" and month == "05" and volley.re.match("x+", "abc") == nil)
---```
---@param pattern string RE2 syntax; "(?i)" at the start ignores case. In Lua write [[\d+]] or "\\d+".
---@param s string The text.
---@return string?
---@return any ...
function volley.re.match(pattern, s) end

---All matches in a list: strings; with two or more groups lists of captures, with one the capture. A group that took no part is "".
---```lua
---local words = volley.re.find_all([[\w+]], "one two three", 2)
---assert(#words == 2 and words[2] == "two")
---assert(volley.re.find_all([[(\w)=(\d)]], "a=1 b=2")[2][1] == "b")
---```
---@param pattern string RE2 syntax; "(?i)" at the start ignores case. In Lua write [[\d+]] or "\\d+".
---@param s string The text.
---@param n? integer At most so many.
---@return (string|string[])[]
function volley.re.find_all(pattern, s, n) end

---Replaces every match. Also returns how many there were.
---```lua
---assert(volley.re.replace([[(\w+)@(\w+)]], "me@home", "$2 of $1") == "home of me")
---assert(volley.re.replace([[\d+]], "a1b22", function(d) return "<" .. d .. ">" end) == "a<1>b<22>")
---```
---@param pattern string RE2 syntax; "(?i)" at the start ignores case. In Lua write [[\d+]] or "\\d+".
---@param s string The text.
---@param repl string|fun(...: string?): string|nil A text with $1 or ${name} for groups and $$ for a dollar, or a function of the captures; nil from it keeps the match.
---@return string
---@return integer
function volley.re.replace(pattern, s, repl) end

---CSV files.
---@class volley.csv
volley.csv = {}

---All rows in a list. A row is a table by the names in the first line, or, with header = false, a list; values are strings. Quotes as in RFC 4180, a byte order mark is skipped. A row with a wrong number of fields raises, with its line.
---```lua
---volley.write("users.csv", "id,name\n1,ada\n2,\"b, c\"\n")
---local rows = volley.csv.read("users.csv")
---assert(#rows == 2 and rows[2].name == "b, c")
---```
---@param path string A relative path starts at the working directory.
---@param opts? {header?: boolean, delimiter?: string} header = false: rows are lists; default true. delimiter: default ","; "\t" reads TSV.
---@return table[]
function volley.csv.read(path, opts) end

---An iterator of rows and their line numbers that holds one row at a time, however long the file is. A row is a table by the names in the first line, or, with header = false, a list; values are strings. Quotes as in RFC 4180, a byte order mark is skipped. A row with a wrong number of fields raises, with its line.
---```lua
---volley.write("urls.tsv", "GET\t/get\nGET\t/ip\n")
---for row, line in volley.csv.rows("urls.tsv", {header = false, delimiter = "\t"}) do
---  print(line, row[1], row[2])
---end
---```
---@param path string A relative path starts at the working directory.
---@param opts? {header?: boolean, delimiter?: string} header = false: rows are lists; default true. delimiter: default ","; "\t" reads TSV.
---@return fun(): table?, integer?
function volley.csv.rows(path, opts) end

---Files with one JSON value on each line.
---@class volley.jsonl
volley.jsonl = {}

---An iterator of the decoded values and their line numbers; it holds one line, of at most 64 MiB, at a time. Blank lines are skipped. A line that is no JSON raises kind `json` with its number.
---```lua
---volley.write("users.jsonl", '{"id": 1}\n\n{"id": 2}\n')
---local sum = 0
---for user, line in volley.jsonl.read("users.jsonl") do sum = sum + user.id * line end
---assert(sum == 1 * 1 + 2 * 3)
---```
---@param path string A relative path starts at the working directory.
---@param opts? {bigint?: "string"} As for `volley.json.decode`.
---@return fun(): any, integer?
function volley.jsonl.read(path, opts) end

---Lines for the person at the terminal, on stderr. Arguments are joined by tabs, as `print` does.
---@class volley.log
volley.log = {}

---Shown with --verbose only.
---```lua
---volley.log.debug("rows", 3, true)
---```
---@param ... any What to show.
function volley.log.debug(...) end

---Not shown with --quiet.
---```lua
---volley.log.info("rows", 3, true)
---```
---@param ... any What to show.
function volley.log.info(...) end

---Always shown.
---```lua
---volley.log.warn("rows", 3, true)
---```
---@param ... any What to show.
function volley.log.warn(...) end

---Always shown. It does not stop anything.
---```lua
---volley.log.error("rows", 3, true)
---```
---@param ... any What to show.
function volley.log.error(...) end

---Times are seconds since 1970-01-01 00:00 UTC, with a fraction.
---@class volley.time
volley.time = {}

---The time.
---```lua
---assert(volley.time.now() > 1.7e9)
---```
---@return number
function volley.time.now() end

---Reads a time. `tz` counts where the text names no zone. Raises kind `invalid_argument` for what it cannot read.
---```lua
---assert(volley.time.parse("2024-05-01T12:00:00Z") == 1714564800)
---assert(volley.time.parse("01.05.2024 14:00", "%d.%m.%Y %H:%M", "Europe/Berlin") == 1714564800)
---```
---@param s string A date, or a date with a time.
---@param format? string As in strptime; default: ISO 8601, RFC 3339 or RFC 1123.
---@param tz? string A name such as "Europe/Berlin", or "local"; default "UTC".
---@return number
function volley.time.parse(s, format, tz) end

---Writes a time.
---```lua
---assert(volley.time.format(1714564800) == "2024-05-01T12:00:00Z")
---assert(volley.time.format(1714564800, "%d.%m.%Y %H:%M", "Europe/Berlin") == "01.05.2024 14:00")
---```
---@param t? number Default: now.
---@param format? string As in strftime; default RFC 3339.
---@param tz? string A name such as "Europe/Berlin", or "local"; default "UTC".
---@return string
function volley.time.format(t, format, tz) end

---Values that every script and handler of the run sees. Each call is atomic. Values are plain and copied: booleans, numbers, strings, and tables of these.
---@class volley.shared
volley.shared = {}

---A copy of the value, or nil.
---```lua
---volley.shared.set("user", {id = 7})
---assert(volley.shared.get("user").id == 7 and volley.shared.get("nobody") == nil)
---```
---@param key string Any name.
---@return any
function volley.shared.get(key) end

---Stores a copy. Functions and objects raise.
---```lua
---volley.shared.set("token", "abc")
---```
---@param key string Any name.
---@param value any nil removes it.
function volley.shared.set(key, value) end

---Adds to a number, which begins at 0, and returns it.
---```lua
---assert(volley.shared.incr("pages") == 1 and volley.shared.incr("pages", 4) == 5)
---```
---@param key string Any name.
---@param n? number Default 1; may be negative.
---@return number
function volley.shared.incr(key, n) end

---Adds a copy to the end of a list, which begins empty, and returns its length.
---```lua
---volley.shared.append("ids", 3)
---assert(volley.shared.append("ids", 4) == 2 and volley.shared.get("ids")[2] == 4)
---```
---@param key string Any name.
---@param value any Not nil.
---@return integer
function volley.shared.append(key, value) end

---A request that is not sent yet. Its fields can be changed until a send takes it, and in `before_request` hooks and `auth` functions.
---@class volley.Request
---@field method string Upper case.
---@field url string As given; as sent on `resp.request`.
---@field headers volley.Headers The request's own headers; all of them on `resp.request`.
---@field body string? The body as it will be sent, when it is in memory.
---@field meta any Yours; the same value at `resp.request.meta` and `err.request.meta`; never sent.
---@field id string? For output and logs.
---@field name string? Groups requests in statistics; in a spec the name of its entry.
---@field session volley.Session? The session it is bound to.
---@field response volley.Response? Of its last send.
---@field error volley.Error? Of its last send, when that failed.
local Request = {}

---Sends it and waits: the response, or nil and the error. Only this green thread waits.
---```lua
---local resp, err = volley.get(base .. "/get", {params = {a = 1}}):send()
---assert(resp.status_code == 200 and resp:json().args.a[1] == "1")
---```
---@param opts? volley.RequestOptions Laid over the request's own.
---@return volley.Response?
---@return volley.Error?
function Request:send(opts) end

---A new request like this one, not sent yet.
---```lua
---local a = volley.get(base .. "/get", {headers = {["X-A"] = "1"}})
---local b = a:copy{headers = {["X-B"] = "2"}}
---assert(b.headers["X-B"] == "2" and not a.headers["X-B"])
---```
---@param opts? volley.RequestOptions Laid over the copy.
---@return volley.Request
function Request:copy(opts) end

---A shell command that sends the same request with curl.
---```lua
---print(volley.post(base .. "/post", {json = {a = 1}}):curl())
---```
---@return string
function Request:curl() end

---An answer of any status. Times are seconds.
---@class volley.Response
---@field status_code integer
---@field reason string As sent; may be empty.
---@field ok boolean status_code < 400.
---@field url string Final, after redirects.
---@field headers volley.Headers
---@field cookies volley.Jar The cookies this response set.
---@field links table<string, table> The Link header by `rel`, or by URL where there is none.
---@field history volley.Response[] Redirects and challenges before it, oldest first.
---@field is_redirect boolean A 301, 302, 303, 307 or 308 with a Location.
---@field is_permanent_redirect boolean A 301 or 308 with a Location.
---@field next volley.Request? Where an unfollowed redirect would go.
---@field content string The body's bytes, decoded from its content coding.
---@field text string The body as UTF-8: charset parameter, BOM, <meta> or XML declaration, valid UTF-8, else windows-1252.
---@field encoding string? The charset `text` is read with; setting it redoes `text`.
---@field apparent_encoding string The charset the bytes look like.
---@field elapsed number Request start to headers parsed.
---@field timings table `dns connect tls ttfb total`.
---@field size table `headers body wire` in bytes: body is decoded, wire as received.
---@field request volley.Request As sent; its `meta` is yours.
---@field meta any The same as `resp.request.meta`.
---@field protocol string `HTTP/1.1`, `HTTP/2.0`.
---@field remote_addr string `ip:port` that answered.
---@field attempts integer How often the request was sent.
local Response = {}

---The body decoded. Raises kind `json` when it is none.
---```lua
---assert(volley.get(base .. "/json"):send():json().slideshow.title)
---```
---@param opts? table {bigint = "string"} keeps integers above 2^53.
---@return any
function Response:json(opts) end

---Raises kind `http` for a 4xx or 5xx, else returns the response.
---```lua
---assert(not pcall(function() volley.get(base .. "/status/404"):send():raise_for_status() end))
---```
---@return volley.Response
function Response:raise_for_status() end

---Iterates over the body. A streamed one is read as it arrives.
---```lua
---local n = 0
---for piece in volley.get(base .. "/bytes/1000", {stream = true}):send():iter_content(300) do n = n + #piece end
---assert(n == 1000)
---```
---@param n? integer Bytes per piece; without it, pieces of up to 64 KiB as they arrive.
---@return fun(): string?
function Response:iter_content(n) end

---Iterates over the body's lines; they end at \n, \r\n or \r.
---```lua
---for line in volley.get(base .. "/stream/3", {stream = true}):send():iter_lines() do assert(#line > 0) end
---```
---@return fun(): string?
function Response:iter_lines() end

---Writes the body to a file, whole or not at all, and returns its size.
---```lua
---assert(volley.get(base .. "/bytes/1000"):send():save("download.bin") == 1000)
---```
---@param path string Needs --allow-write for its folder.
---@return integer
function Response:save(path) end

---Ends an unread stream and frees its connection.
---```lua
---volley.get(base .. "/bytes/1000", {stream = true}):send():close()
---```
function Response:close() end

---The body parsed as HTML, to search with CSS selectors.
---```lua
---assert(volley.get(base .. "/html"):send():html():find("h1"):text():find("Herman"))
---```
---@return volley.Selection
function Response:html() end

---Evaluates an XPath expression over the body as HTML: a list of Selections (of strings for attributes and texts), or the number, string or boolean that the expression yields.
---```lua
---local resp = volley.get(base .. "/html"):send()
---assert(resp:xpath("//h1")[1]:text():find("Herman") and resp:xpath("count(//h1)") == 1)
---```
---@param expr string XPath 1.0.
---@return any
function Response:xpath(expr) end

---Headers by name, in any case: `resp.headers["content-type"]`; repeats are joined with `, `. An absent one is nil.
---@class volley.Headers
---@field [string] any
local Headers = {}

---Every value of a header, in order.
---```lua
---local resp = volley.get(base .. "/response-headers?X-A=1&X-A=2"):send()
---assert(#resp.headers:get_all("x-a") == 2 and resp.headers["X-A"] == "1, 2")
---```
---@param name string In any case.
---@return string[]
function Headers:get_all(name) end

---Iterates over every header line, in order, repeats apart.
---```lua
---for name, value in volley.get(base .. "/get"):send().headers:pairs() do assert(#name > 0 and value) end
---```
---@return fun(): string, string
function Headers:pairs() end

---Every failure. `tostring(err)` is `GET https://…: read_timeout: …` with userinfo masked.
---@class volley.Error
---@field kind string A leaf of the tree of kinds; `err:is(kind)` follows the tree.
---@field message string What failed, why, and what to do.
---@field request volley.Request? The request as the script built it.
---@field response volley.Response? With kind `http`, `decode` and others that had an answer.
---@field attempts integer How often it was sent.
---@field index integer? Its place in the batch, from 1.
---@field phase string? How far it came: dns connect tls send wait headers body decode callback.
---@field sent string Could the server have acted on it: no, maybe, yes.
---@field retryable boolean Whether the same request may succeed when sent again.
---@field cause any The error below, as an Error or its text.
---@field traceback string? Of the Lua code that raised, for kind `callback`.
local Error = {}

---Whether the error's kind is this one or stands below it: a `connect_timeout` is a `timeout` and a `connection`.
---```lua
---local _, err = volley.get("http://127.0.0.1:1/"):send()
---assert(err.kind == "connect" and err:is("connection") and not err:is("timeout"))
---```
---@param kind string A kind of the tree.
---@return boolean
function Error:is(kind) end

---Settings and cookies that its requests share. Every option of SessionOptions is a field that can be read and assigned; changes hold for requests sent from then on.
---@class volley.Session
---@field headers table Under the request's own.
---@field params table Before the request's own.
---@field auth table|volley.Auth|function|false For requests without auth of their own.
---@field netrc boolean Take logins by host from $NETRC or ~/.netrc, for requests without auth and Authorization; needs --allow-read FILE. Read once.
---@field cookies table|volley.Jar To begin with; a Jar when read.
---@field timeout number|table|false As for a request.
---@field hooks table Run before the request's own.
---@field max_redirects integer Default 30.
---@field base_url string Relative URLs are resolved against it.
---@field retry integer|table As for a request.
---@field rate number|string Requests per second of this session, or "30/m"; spread evenly.
---@field per_host integer|table In flight per host, or `{concurrency=, rate=}`.
---@field secret_headers string[] Headers that a redirect to another origin drops.
---@field proxies table As for a request.
---@field verify boolean|string As for a request.
---@field cert string|table As for a request.
---@field trust_env boolean Read proxies and the CA bundle from the environment where nothing explicit is set; default true.
---@field http_version string As for a request.
---@field resolve table<string, string> Connect elsewhere: {["host:443"] = "127.0.0.1"}.
---@field resolver string A DNS server, "ip:port".
---@field unix string Connect to this Unix socket.
---@field local_addr string Connect from this address.
---@field pool table {per_host=, idle_timeout=}: connections of its own.
local Session = {}

---Builds, for this session, a GET request. Nothing is sent.
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:get(url, opts) end

---Builds, for this session, an OPTIONS request. Nothing is sent.
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:options(url, opts) end

---Builds, for this session, a HEAD request. Nothing is sent.
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:head(url, opts) end

---Builds, for this session, a POST request. Nothing is sent.
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:post(url, opts) end

---Builds, for this session, a PUT request. Nothing is sent.
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:put(url, opts) end

---Builds, for this session, a PATCH request. Nothing is sent.
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:patch(url, opts) end

---Builds, for this session, a DELETE request. Nothing is sent.
---@param url string Absolute, or relative to the session's `base_url`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:delete(url, opts) end

---Builds, for this session, a request with any method. Nothing is sent.
---@param method string Any token; upper-cased.
---@param url string As for `volley.get`.
---@param opts? volley.RequestOptions See RequestOptions.
---@return volley.Request
function Session:request(method, url, opts) end

---Other settings for one part of the URLs; the longest prefix wins. The same prefix again takes the place of the first.
---```lua
---local s = volley.session()
---s:mount(base .. "/anything/v2", {headers = {["X-Version"] = "2"}})
---assert(s:get(base .. "/anything/v2/x"):send():json().headers["X-Version"][1] == "2")
---```
---@param prefix string A URL's beginning; scheme and host match in any case and end at a host boundary.
---@param opts volley.SessionOptions Laid over the session's for URLs below the prefix.
function Session:mount(prefix, opts) end

---Closes it; a request sent with it afterwards fails with `invalid_argument`.
---```lua
---local s = volley.session()
---s:close()
---```
function Session:close() end

---Cookies (RFC 6265). `jar.NAME` is the value of a cookie, or nil; pairs yields names and values.
---@class volley.Jar
---@field [string] any
local Jar = {}

---The value of a cookie, or nil; never an error.
---```lua
---local s = volley.session{cookies = {a = "1"}}
---assert(s.cookies:get("a") == "1" and s.cookies:get("b") == nil)
---```
---@param name string
---@param opts? table {domain=, path=}
---@return string?
function Jar:get(name, opts) end

---Adds or replaces a cookie.
---```lua
---local s = volley.session()
---s.cookies:set("a", "1", {path = "/x"})
---assert(s.cookies:get("a", {path = "/x"}) == "1")
---```
---@param name string
---@param value string
---@param opts? table {domain=, path=, secure=, expires=, http_only=}; expires in seconds since 1970.
function Jar:set(name, value, opts) end

---Removes cookies by name and returns how many there were.
---```lua
---local s = volley.session{cookies = {a = "1"}}
---assert(s.cookies:delete("a") == 1)
---```
---@param name string
---@param opts? table {domain=, path=}
---@return integer
function Jar:delete(name, opts) end

---Every cookie as {name, value, domain, path, secure, http_only, expires}.
---```lua
---local s = volley.session{cookies = {a = "1"}}
---assert(s.cookies:list()[1].name == "a")
---```
---@return table[]
function Jar:list() end

---Removes all cookies, or those of a domain and path.
---```lua
---local s = volley.session{cookies = {a = "1"}}
---s.cookies:clear()
---assert(#s.cookies:list() == 0)
---```
---@param opts? table {domain=, path=}
function Jar:clear(opts) end

---Names and values as a plain table.
---```lua
---local s = volley.session{cookies = {a = "1"}}
---assert(s.cookies:to_table().a == "1")
---```
---@return table<string, string>
function Jar:to_table() end

---Writes the cookies in the Netscape format that curl and browsers share, to a file that only you may read.
---```lua
---volley.session{cookies = {a = "1"}}.cookies:save("cookies.txt")
---```
---@param path string Needs --allow-write for its folder.
function Jar:save(path) end

---Adds the cookies of a file in the Netscape format.
---```lua
---local s = volley.session{cookies = {a = "1"}}
---s.cookies:save("cookies.txt")
---local t = volley.session()
---t.cookies:load("cookies.txt")
---assert(t.cookies:get("a") == "1")
---```
---@param path string
function Jar:load(path) end

---The iterator of imap and imap_enumerated: call it for the next result, as `for … in` does.
---@class volley.Imap
local Imap = {}

---Cancels what is in flight and sends nothing more.
---```lua
---local results = volley.imap({base .. "/get", base .. "/delay/10"})
---results()
---results:close()
---```
function Imap:close() end

---HTML elements; #sel is how many.
---@class volley.Selection
local Selection = {}

---The text of all of them, tags left out.
---```lua
---local page = volley.response{body = "<p class=a>one <b>two</b></p>"}:html()
---assert(page:find("p"):text() == "one two")
---```
---@return string
function Selection:text() end

---What is inside the first one, as HTML.
---```lua
---local page = volley.response{body = "<p class=a>one <b>two</b></p>"}:html()
---assert(page:find("p"):html() == "one <b>two</b>")
---```
---@return string
function Selection:html() end

---An attribute of the first one, or nil.
---```lua
---local page = volley.response{body = "<p class=a>one <b>two</b></p>"}:html()
---assert(page:find("p"):attr("class") == "a" and page:find("b"):attr("class") == nil)
---```
---@param name string
---@return string?
function Selection:attr(name) end

---Iterates over them, one by one.
---```lua
---local page = volley.response{body = "<p class=a>one <b>two</b></p>"}:html()
---for p in page:find("p"):each() do assert(p:attr("class") == "a") end
---```
---@return fun(): volley.Selection?
function Selection:each() end

---The elements below that match.
---```lua
---local page = volley.response{body = "<ul><li>1</li><li>2</li></ul>"}:html()
---assert(#page:find("ul > li") == 2)
---```
---@param css string A CSS selector.
---@return volley.Selection
function Selection:find(css) end

---One of them, or none.
---```lua
---local page = volley.response{body = "<ul><li>1</li><li>2</li></ul>"}:html()
---assert(page:find("li"):eq(2):text() == "2" and page:find("li"):eq(-1):text() == "2")
---```
---@param i integer From 1; -1 is the last.
---@return volley.Selection
function Selection:eq(i) end

---The elements right above.
---```lua
---local page = volley.response{body = "<ul><li>1</li><li>2</li></ul>"}:html()
---assert(#page:find("li"):parent() == 1)
---```
---@return volley.Selection
function Selection:parent() end

---The elements right below.
---```lua
---local page = volley.response{body = "<ul><li>1</li><li>2</li></ul>"}:html()
---assert(#page:find("ul"):children() == 2)
---```
---@return volley.Selection
function Selection:children() end

---Credentials, for the `auth` option.
---@class volley.Auth
local Auth = {}

---A green thread.
---@class volley.Task
---@field done boolean Whether it has ended.
local Task = {}

---Waits for its end and returns what it returned; nil and the error when it raised, nil and kind `timeout` when it did not end in time.
---```lua
---local t = volley.spawn(function(a, b) return a + b end, 1, 2)
---assert(t:get() == 3)
---```
---@param timeout? number Seconds to wait at most.
---@return any
function Task:get(timeout) end

---Waits for its end; whether it came in time.
---```lua
---local t = volley.spawn(volley.sleep, 0.01)
---assert(t:join() and t.done)
---```
---@param timeout? number Seconds to wait at most.
---@return boolean
function Task:join(timeout) end

---Stops it at once: a blocking call in it ends, and no pcall holds it.
---```lua
---local t = volley.spawn(volley.sleep, 60)
---t:kill()
---local _, err = t:get()
---assert(err.kind == "cancelled")
---```
function Task:kill() end

---Green threads, of which at most n run at once.
---@class volley.Pool
---@field size integer n.
local Pool = {}

---Starts a green thread; blocks while the pool is full.
---```lua
---local pool = volley.pool(2)
---for i = 1, 4 do pool:spawn(volley.sleep, 0.01) end
---pool:join()
---```
---@param fn function
---@param ... any Its arguments.
---@return volley.Task
function Pool:spawn(fn, ...) end

---Calls fn for each item and returns the results in order; an error in one of them is raised.
---```lua
---local squares = volley.pool(2):map(function(x) return x * x end, {1, 2, 3})
---assert(squares[3] == 9)
---```
---@param fn function Called with an item and its index.
---@param list table
---@return table
function Pool:map(fn, list) end

---Iterates over the first results, in order.
---```lua
---for square in volley.pool(2):imap(function(x) return x * x end, {1, 2}) do assert(square) end
---```
---@param fn function Called with an item and its index.
---@param list table
---@return fun(): any
function Pool:imap(fn, list) end

---Waits until all its threads have ended; whether they did in time.
---```lua
---local pool = volley.pool(2)
---pool:spawn(volley.sleep, 0.01)
---assert(pool:join(5))
---```
---@param timeout? number Seconds to wait at most.
---@return boolean
function Pool:join(timeout) end

---Hands values from green threads to others.
---@class volley.Queue
local Queue = {}

---Appends a value; blocks while the queue is full. Raises when it is closed.
---```lua
---local q = volley.queue()
---q:put(1)
---assert(q:get() == 1)
---```
---@param value any Not nil.
function Queue:put(value) end

---Takes the oldest value; blocks while there is none. nil at the end of a closed queue; nil and kind `timeout` when none came in time.
---```lua
---local q = volley.queue()
---volley.spawn(function() q:put("x") q:close() end)
---assert(q:get() == "x" and q:get() == nil)
---```
---@param timeout? number Seconds to wait at most.
---@return any
function Queue:get(timeout) end

---No more values: get returns nil once the queue is empty.
---```lua
---local q = volley.queue(1)
---q:close()
---assert(q:get() == nil)
---```
function Queue:close() end

---A file to send, as `data` or in `files`: streamed from disk, its length announced, read again for a retry.
---@class volley.File
---@field path string As given.
---@field name string The name a multipart form shows.
---@field type string? Its content type, when one was given.
---@field size integer In bytes, when it was named.
local File = {}

---Strings by name, read only. A name that is not there is nil.
---@class volley.Mapping
---@field [string] any
local Mapping = {}

---What a request may say; all of it is optional.
---@class volley.RequestOptions
---@field params? table|string Query parameters: a table (sorted), an array of pairs (in order) or a string. A list repeats its key.
---@field data? string|table|volley.File|function Body: a string, a form (table or pairs), `volley.file(path)`, or an iterator of chunks. Wins over `json`.
---@field json? any Body as JSON; `volley.null` is null, `volley.array{}` is [].
---@field files? table Multipart: name → string, `volley.file(path)` or `{filename=, content=, type=, headers=}`; pairs for repeats.
---@field headers? table A table (sent sorted) or pairs (sent in order and case); `false` removes one of the session or the defaults.
---@field cookies? table|volley.Jar For this request and its host only.
---@field auth? table|volley.Auth|function|false `{user, pass}`, `volley.auth.…`, `function(req)`, or false for none.
---@field id? string For output and logs.
---@field name? string Groups URLs in the statistics.
---@field tags? table Strings by name, for output.
---@field meta? any Yours; never sent.
---@field session? volley.Session The session to use. Without one: shared connections, isolated cookies.
---@field timeout? number|table|false Seconds for connect and read, or `{connect=, read=, total=}`. Default 10, 30, none; false: none.
---@field allow_redirects? boolean Default true; false for HEAD.
---@field max_redirects? integer Default 30.
---@field proxies? table `{http=, https=, all=, no_proxy=}`, also by `scheme://host`; false: direct. Explicit beats environment.
---@field verify? boolean|string Check certificates: true, false, or a CA file or directory.
---@field cert? string|table Client certificate: PEM path or `{cert=, key=}`.
---@field stream? boolean Hand the response over at its headers; read it with iter_content, iter_lines or save.
---@field retry? integer|table Further tries, or RetryOptions.
---@field raise_for_status? boolean A 4xx or 5xx is a failure of kind `http`.
---@field max_body? integer|false Bytes after decoding; default 64 MiB for bodies in memory, none when streamed.
---@field http_version? string "auto" (ALPN), "1.1", "2" or "h2c".
---@field callback? fun(resp: volley.Response): volley.Response? Sees the final response. nil keeps it, a Response replaces it.
---@field exception_handler? fun(req: volley.Request, err: volley.Error): any For this request, as soon as it fails; beats the batch's.
---@field hooks? table `{response = f or {f, …}, before_request =, redirect =, retry =}`; they run after the session's.

---Options of map, imap and imap_enumerated.
---@class volley.BatchOptions
---@field size? integer In flight at most; default 100, or --size.
---@field stream? boolean Default for requests that do not say.
---@field exception_handler? fun(req: volley.Request, err: volley.Error): any For failed requests without one of their own; what it returns takes the slot.
---@field gtimeout? number Seconds from the call on; then what is in flight is cancelled with kind `batch_timeout`.
---@field ordered? boolean imap in input order.
---@field rate? number|string Requests per second, or "30/m"; spread evenly.
---@field per_host? integer|table In flight per host, or `{concurrency=, rate=}`.
---@field on_progress? fun(p: table) Called after each result with `{done, ok, failed, in_flight, total, rate}`.

---Options of volley.session; each is also a field of the Session.
---@class volley.SessionOptions
---@field headers? table Under the request's own.
---@field params? table Before the request's own.
---@field auth? table|volley.Auth|function|false For requests without auth of their own.
---@field netrc? boolean Take logins by host from $NETRC or ~/.netrc, for requests without auth and Authorization; needs --allow-read FILE. Read once.
---@field cookies? table|volley.Jar To begin with; a Jar when read.
---@field timeout? number|table|false As for a request.
---@field hooks? table Run before the request's own.
---@field max_redirects? integer Default 30.
---@field base_url? string Relative URLs are resolved against it.
---@field retry? integer|table As for a request.
---@field rate? number|string Requests per second of this session, or "30/m"; spread evenly.
---@field per_host? integer|table In flight per host, or `{concurrency=, rate=}`.
---@field secret_headers? string[] Headers that a redirect to another origin drops.
---@field proxies? table As for a request.
---@field verify? boolean|string As for a request.
---@field cert? string|table As for a request.
---@field trust_env? boolean Read proxies and the CA bundle from the environment where nothing explicit is set; default true.
---@field http_version? string As for a request.
---@field resolve? table<string, string> Connect elsewhere: {["host:443"] = "127.0.0.1"}.
---@field resolver? string A DNS server, "ip:port".
---@field unix? string Connect to this Unix socket.
---@field local_addr? string Connect from this address.
---@field pool? table {per_host=, idle_timeout=}: connections of its own.

---Options of volley.response.
---@class volley.ResponseOptions
---@field status_code? integer Default 200.
---@field body? string Default empty.
---@field headers? table A table or pairs.
---@field reason? string Default the status's own.
---@field url? string Default empty.

---The long form of retry.
---@class volley.RetryOptions
---@field total? integer Further tries after the first.
---@field on? table What to retry, instead of the default: statuses, classes ("5xx"), ranges ("500-599"), kinds ("timeout").
---@field methods? table|"all" Which methods, instead of the idempotent ones.
---@field backoff? number Base of the pause in seconds; default 0.5, doubled each time.
---@field max_delay? number Longest pause in seconds, Retry-After included; default 60.
---@field jitter? boolean Default true: each pause is uniform from 0 to its bound; false: the bound.
---@field respect_retry_after? boolean Default true.

---Options of volley.auth.aws_sigv4.
---@class volley.SigV4Options
---@field access_key? string Its ID. Required.
---@field secret_key? string Required.
---@field session_token? string Of temporary credentials.
---@field region? string Such as "eu-central-1". Required.
---@field service? string Such as "s3" or "execute-api". Required.

---Options of volley.auth.oauth2.
---@class volley.OAuth2Options
---@field token_url? string Where tokens are issued. Required.
---@field client_id? string Required.
---@field client_secret? string Sent to token_url only, by the way of the request's session.
---@field scopes? string[] What the token is asked to be good for.

return volley
