// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "json.hpp"

namespace bulla::test {

constexpr std::string_view protobuf_type = "application/vnd.kubernetes.protobuf";

/// A request body in Kubernetes' protobuf envelope as JSON. `kubectl create` sends Namespaces,
/// Secrets, ConfigMaps and ServiceAccounts this way; `kubectl auth can-i` its question. Nothing
/// for any other kind, and for what is no such envelope. Answers are always JSON.
[[nodiscard]] std::optional<Json> json_from_protobuf(std::string_view body);

}  // namespace bulla::test
