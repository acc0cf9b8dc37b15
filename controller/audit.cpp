// SPDX-License-Identifier: Apache-2.0
#include "controller/audit.hpp"

#include <boost/json/object.hpp>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "kube/object.hpp"

namespace bulla {

std::string join_some(const std::vector<std::string_view>& texts, std::size_t bytes_max) {
  std::string joined;
  for (const auto text : texts) {
    if (joined.size() + text.size() + 1 > bytes_max)
      return joined + (joined.empty() ? "..." : ",...");
    if (!joined.empty()) joined += ',';
    joined += text;
  }
  return joined;
}

UnsealAudit UnsealAudit::of(const boost::json::value& sealed) {
  UnsealAudit audit;
  audit.object = kube::to_text(kube::key_of(sealed));
  audit.uid = kube::uid_of(sealed);
  audit.generation = kube::generation_of(sealed);
  const auto* data = kube::find_member(sealed, {"spec", "encryptedData"});
  std::vector<std::string_view> names;
  if (data != nullptr && data->is_object()) {
    for (const auto& item : data->get_object()) names.emplace_back(item.key());
  }
  audit.items = join_some(names, limits::audit_names_bytes_max);
  return audit;
}

void UnsealAudit::write() const {
  log_info("Unseal", {{"audit", true},
                      {"key", object},
                      {"uid", uid},
                      {"generation", generation},
                      {"items", items},
                      {"sealing_keys", keys},
                      {"outcome", outcome}});
}

}  // namespace bulla
