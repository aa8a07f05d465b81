-- How Argo CD reads a LoadTest: resource.customizations.health.loadgate.dev_LoadTest in the ConfigMap argocd-cm.
-- Healthy only when the run of the spec as it is now has ended and its gate is open. Whatever isn't known is Progressing.
local health = { status = "Progressing", message = "the operator hasn't seen it yet" }
local status = obj.status
if status == nil or status.conditions == nil then
  return health
end

health.message = status.message or ""
if status.observedGeneration ~= obj.metadata.generation then
  health.message = "the spec has changed; what is told is of the one before: " .. health.message
  return health
end
if status.phase == "Suspended" then
  health.status = "Suspended"
  return health
end

local is_true = {}
for _, condition in ipairs(status.conditions) do
  is_true[condition.type] = condition.status == "True"
end
if is_true.Stalled then
  health.status = "Degraded"
elseif is_true.Complete and is_true.Ready then
  health.status = "Healthy"
end
return health
