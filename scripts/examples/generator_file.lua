-- A file becomes requests row by row: a generator, of which imap never holds more than `size`.
-- Run it where the file is found, or name one: volley run generator_file.lua -- users.csv
local volley = require "volley"
local base = volley.httpbin()
local path = volley.args[1] or "scripts/examples/users.csv"

local function requests()
  for row in volley.csv.rows(path, {header = true}) do
    coroutine.yield(volley.get(base .. "/get", {params = {name = row.name}, meta = row}))
  end
end

for resp in volley.imap(coroutine.wrap(requests), {size = 3, ordered = true}) do
  print(resp.meta.id, resp.status_code, resp:json().args.name[1])
end
