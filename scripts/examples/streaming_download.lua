-- Bodies that are not held in memory: by pieces, by lines, into a file.
-- Saving needs a grant: volley run --allow-write . scripts/examples/streaming_download.lua
local volley = require "volley"
local base = volley.httpbin()

local resp = volley.get(base .. "/bytes/100000", {stream = true}):send()
local pieces, bytes = 0, 0
for piece in resp:iter_content(32768) do pieces, bytes = pieces + 1, bytes + #piece end
print("content", bytes .. " bytes in " .. pieces .. " pieces")

resp = volley.get(base .. "/stream/3", {stream = true}):send()
for line in resp:iter_lines() do print("line", volley.json.decode(line).id) end

resp = volley.get(base .. "/bytes/100000", {stream = true}):send()
local ok, result = pcall(resp.save, resp, "download.bin")
print("save", ok and result .. " bytes" or result.kind .. ": " .. result.message)
