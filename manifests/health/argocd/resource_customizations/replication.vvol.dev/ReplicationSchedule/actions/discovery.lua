-- What a person may do to a ReplicationSchedule in Argo CD; what makes no sense now is shown greyed out.
local suspended = type(obj.spec) == "table" and obj.spec.suspend == true
-- Another text would take the place of one that waits for its run.
local waiting = false
if type(obj.status) == "table" and type(obj.status.conditions) == "table" then
  for _, condition in ipairs(obj.status.conditions) do
    if type(condition) == "table" and condition.type == "RunNowSucceeded" and condition.reason == "RunNowWaiting" then
      waiting = true
    end
  end
end

return {
  ["run-now"] = { disabled = suspended or waiting, iconClass = "fa fa-fw fa-bolt", displayName = "Run now" },
  suspend = { disabled = suspended, iconClass = "fa fa-fw fa-pause" },
  resume = { disabled = not suspended, iconClass = "fa fa-fw fa-play" },
}
