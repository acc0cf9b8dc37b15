// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "kube/request.hpp"

namespace bulla {

// Where the kinds live that the controller works with. An empty namespace means all of them.

[[nodiscard]] inline std::string sealed_secrets_path(std::string_view namespace_,
                                                     std::string_view name = {},
                                                     std::string_view subresource = {}) {
  return kube::resource_path(
      {"bitnami.com", "v1alpha1", "sealedsecrets"},
      {std::string(namespace_), std::string(name), std::string(subresource)});
}

[[nodiscard]] inline std::string secrets_path(std::string_view namespace_,
                                              std::string_view name = {}) {
  return kube::resource_path({"", "v1", "secrets"},
                             {std::string(namespace_), std::string(name), {}});
}

[[nodiscard]] inline std::string namespace_path(std::string_view name) {
  return kube::resource_path({"", "v1", "namespaces"}, {{}, std::string(name), {}});
}

}  // namespace bulla
