-- Stop following this request; see spec.cancel for what that can still prevent.
if type(obj.spec) ~= "table" then obj.spec = {} end
obj.spec.cancel = true
return obj
