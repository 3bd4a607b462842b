-- Crawl: send what a page links to on its own host, each URL once, up to five
-- links away: volley run --handlers follow_ups.lua --var depth=5 FILE
local deepest = tonumber(volley.vars.depth or 5) -- more than ten may not follow from each other

local function origin(url)
  local ok, u = pcall(volley.url.parse, url)
  return ok and u.host and ("%s://%s:%s"):format(u.scheme, u.host, u.port)
end

return {
  response = function(resp)
    local depth = type(resp.meta) == "table" and resp.meta.links_away or 0
    if depth >= deepest or not (resp.headers["content-type"] or ""):find("html", 1, true) then return end
    volley.shared.incr(resp.url) -- seen
    local requests = {}
    for link in resp:html():find("a[href]"):each() do
      local ok, url = pcall(volley.url.join, resp.url, link:attr("href"))
      url = ok and url:gsub("#.*", "")
      if url and origin(url) == origin(resp.url) and volley.shared.incr(url) == 1 then
        requests[#requests + 1] = volley.get(url, {meta = {links_away = depth + 1}})
      end
    end
    if #requests > 0 then return requests end
  end,
}
