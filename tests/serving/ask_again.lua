wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function init(arguments)
  wrk.body = arguments[1]
  if arguments[2] then wrk.headers["Connection"] = arguments[2] end
  request = function() return wrk.format() end
end
