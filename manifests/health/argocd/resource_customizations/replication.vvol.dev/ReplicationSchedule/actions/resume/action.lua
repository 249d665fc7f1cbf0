-- The field is removed, so that nothing stays behind that Git does not have.
if type(obj.spec) == "table" then obj.spec.suspend = nil end
return obj
