-- Health of a ReplicationGroup from its conditions (docs/gitops.md). No Lua library is needed; anything may be missing.
local function text(condition)
  local words = ""
  if type(condition.reason) == "string" then words = condition.reason end
  if type(condition.message) == "string" and condition.message ~= "" then
    if words ~= "" then words = words .. ": " end
    words = words .. condition.message
  end
  return words
end

local status = obj.status
if type(status) ~= "table" then
  return { status = "Progressing", message = "Waiting for the first reading" }
end

local generation = nil
if type(obj.metadata) == "table" then generation = obj.metadata.generation end
if type(status.observedGeneration) ~= "number" or status.observedGeneration ~= generation then
  return { status = "Progressing", message = "Waiting for the operator to see the latest spec" }
end

local found = {}
if type(status.conditions) == "table" then
  for _, condition in ipairs(status.conditions) do
    if type(condition) == "table" and type(condition.type) == "string" then found[condition.type] = condition end
  end
end

local ready = found.Ready
if ready == nil then
  return { status = "Progressing", message = "Waiting for the first reading" }
end
if ready.status == "False" then
  return { status = "Degraded", message = text(ready) }
end
if found.Suspended ~= nil and found.Suspended.status == "True" then
  return { status = "Suspended", message = text(found.Suspended) }
end
if ready.status == "True" then
  return { status = "Healthy", message = text(ready) }
end
return { status = "Progressing", message = text(ready) }
