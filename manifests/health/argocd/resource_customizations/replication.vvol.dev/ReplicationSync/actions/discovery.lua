-- What a person may do to a ReplicationSync in Argo CD; what makes no sense now is shown greyed out.
local spec = {}
if type(obj.spec) == "table" then spec = obj.spec end
local finished = false
if type(obj.status) == "table" and type(obj.status.conditions) == "table" then
  for _, condition in ipairs(obj.status.conditions) do
    if type(condition) == "table" and condition.type == "Finished" and condition.status == "True" then
      finished = true
    end
  end
end

return {
  cancel = { disabled = finished or spec.cancel == true, iconClass = "fa fa-fw fa-stop" },
  suspend = { disabled = finished or spec.suspend == true, iconClass = "fa fa-fw fa-pause" },
  resume = { disabled = finished or spec.suspend ~= true, iconClass = "fa fa-fw fa-play" },
}
