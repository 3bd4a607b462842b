-- The functions that migration.yaml names.
return {
  to_v2 = function(res)
    local doc = res.json
    return {version = 2, path = doc.url:match("/users/.*"), method = doc.method}
  end,
  teardown = function(run) volley.log.info(("migrated: %d ok, %d failed, %d skipped"):format(run.ok, run.failed, run.skipped)) end,
}
