-- SPDX-License-Identifier: Apache-2.0
-- Whether a SealedSecret is healthy, for Argo CD. In the ConfigMap argocd-cm:
--
--   resource.customizations.health.bitnami.com_SealedSecret: |
--     ...this file...
--
-- Argo CD gives the object as `obj` and takes a table {status, message}.

local function condition(kind)
  for _, candidate in ipairs(obj.status.conditions or {}) do
    if candidate.type == kind then return candidate end
  end
end

local function progressing(message)
  return {status = "Progressing", message = message}
end

-- A controller with --update-status=false says nothing, and then Argo CD waits forever: such
-- clusters must not use this check.
if obj.status == nil then
  return progressing("No controller has looked at it yet")
end

-- What the conditions say is about an older spec: the controller has not come to this one yet.
local generation = obj.metadata.generation
local observed = obj.status.observedGeneration
if generation ~= nil and observed ~= nil and observed < generation then
  return progressing("The controller has not looked at the change yet")
end

local synced = condition("Synced")
if synced == nil or synced.status == "Unknown" then
  return progressing("The controller has not opened it yet")
end
if synced.status == "True" then
  return {status = "Healthy", message = "The Secret is as it should be"}
end
return {status = "Degraded", message = synced.message or "It can't be opened"}
