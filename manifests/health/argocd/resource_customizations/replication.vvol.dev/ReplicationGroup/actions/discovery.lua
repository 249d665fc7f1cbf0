-- What a person may do to a ReplicationGroup in Argo CD; what makes no sense now is shown greyed out.
local suspended = type(obj.spec) == "table" and obj.spec.suspend == true

return {
  suspend = { disabled = suspended, iconClass = "fa fa-fw fa-pause" },
  resume = { disabled = not suspended, iconClass = "fa fa-fw fa-play" },
}
