-- Gather a line of each answer and write them as CSV at the end, sorted:
-- volley run --allow-write . --handlers collect_csv.lua FILE
local function cell(v)
  v = tostring(v)
  if v:find('[",\r\n]') then v = '"' .. v:gsub('"', '""') .. '"' end
  return v
end

return {
  response = function(resp)
    volley.shared.append("lines", table.concat({cell(resp.url), resp.status_code, #resp.content}, ","))
  end,
  teardown = function()
    local lines = volley.shared.get("lines") or {}
    table.sort(lines)
    table.insert(lines, 1, "url,status,bytes")
    volley.write(volley.vars.csv or "collected.csv", table.concat(lines, "\n") .. "\n")
  end,
}
