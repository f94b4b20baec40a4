wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function init(arguments) wrk.body = arguments[1]; request = function() return wrk.format() end end
