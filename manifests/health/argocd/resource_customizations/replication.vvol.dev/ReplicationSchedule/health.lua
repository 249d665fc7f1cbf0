-- Health of a ReplicationSchedule from its conditions (docs/gitops.md). No Lua library is needed; anything may be missing.
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
  return { status = "Progressing", message = "Waiting for the operator to see this object" }
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

local function is(name, value)
  return found[name] ~= nil and found[name].status == value
end

local ready = found.Ready
if ready == nil then
  return { status = "Progressing", message = "Waiting for the operator to see this object" }
end
if is("Reconciling", "True") then
  return { status = "Progressing", message = text(ready) }
end
if is("Stalled", "True") then
  return { status = "Degraded", message = text(ready) }
end
local words = text(ready)
if is("LastRunSucceeded", "False") then
  words = words .. " Last run: " .. text(found.LastRunSucceeded)
end
if is("Ready", "True") and ready.reason == "Suspended" then
  return { status = "Suspended", message = words }
end
if is("Ready", "True") then
  return { status = "Healthy", message = words }
end
return { status = "Progressing", message = words }
