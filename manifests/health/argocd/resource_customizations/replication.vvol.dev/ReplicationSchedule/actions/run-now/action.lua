-- Asks for one more run: a text that this schedule has not had yet does, and the time of the click is one.
local os = require("os")
if type(obj.spec) ~= "table" then obj.spec = {} end
obj.spec.runNow = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj
